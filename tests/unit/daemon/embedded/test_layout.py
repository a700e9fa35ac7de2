"""What `up` writes for the daemon is configuration that the daemon can load, and keeps its secret."""

import hashlib
import stat
from datetime import date
from pathlib import Path

import pytest

from config.load import DEFAULTS, load_configuration
from config.scenario import CoreRelease
from daemon.embedded.environments.cores import Core, Endpoints
from daemon.embedded.faults import DirectoryUnusable
from daemon.embedded.layout import Layout
from daemon.flags.keys import open_signer
from payment_core.flags.arriving.files import read_secret, read_trusted_keys
from payment_core.flags.envelope import key_id


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "data")
    layout.make()
    return layout


def _write(layout: Layout, token: str) -> None:
    release = CoreRelease(version="1.0.0")
    layout.write_settings(
        broker_port=4567,
        endpoint_url="http://127.0.0.1:4566",
        port=18080,
        zone_id="Z123",
        cores={"blue": Core("blue", release, 9001), "green": Core("green", release, 9001)},
        environments_url="http://127.0.0.1:4711",
        token=token,
    )


def test_the_written_settings_load_and_say_where_everything_is(layout: Layout) -> None:
    _write(layout, "secret")
    settings = load_configuration(layout.configuration, {}).settings
    assert settings.aws.endpoint_url == "http://127.0.0.1:4566"
    assert settings.http.port == 18080
    assert settings.data_dir == layout.root
    assert settings.hosted_zone_id == "Z123"
    assert settings.cores["green"].url == "http://127.0.0.3:9001"
    assert settings.cores["green"].address == "127.0.0.3"
    assert settings.flag_broker is not None
    assert (settings.flag_broker.host, settings.flag_broker.port) == ("data.iot.us-east-1.localhost", 4567)


def test_cores_believe_the_daemon_of_their_folder_about_flags_before_it_has_started(layout: Layout) -> None:
    endpoints = Endpoints(
        "queue", "http://a", "http://k", "ws://data.iot.us-east-1.localhost:1/mqtt", "http://127.0.0.1:2/d"
    )
    core = Core("blue", CoreRelease(version="1.0.0"), 9001)
    command = core.program(layout.root, layout.logs, {"AWS_REGION": "us-east-1"}, endpoints).command
    options = dict(zip(command[3::2], command[4::2], strict=True))
    assert options["--flags-broker"] == endpoints.flags_broker
    trusted = read_trusted_keys(Path(options["--flags-trusted-keys"]))
    assert set(trusted) == {key_id(open_signer(layout.root).public_key)}
    token = read_secret(Path(options["--flags-token-file"]))
    _write(layout, "secret")
    tokens = load_configuration(layout.configuration, {}).settings.tokens
    assert [one.role for one in tokens if one.sha256 == hashlib.sha256(token.encode()).hexdigest()] == ["viewer"]


def test_the_prices_are_the_packaged_ones_held_against_the_day_of_the_run(layout: Layout) -> None:
    today = date(2031, 5, 4)
    layout.write_prices(today)
    _write(layout, "secret")
    written, packaged = (load_configuration(folder, {}).prices.sheets for folder in (layout.configuration, None))
    assert {sheet.checked_on for sheet in written} == {today}
    assert {sheet.checked_on for sheet in packaged} == {None}, "nobody has held the packaged prices against a contract"
    assert [sheet.model_copy(update={"checked_on": None}) for sheet in written] == [*packaged]


def test_the_token_is_written_as_a_digest_alone(layout: Layout) -> None:
    token = layout.console_token()
    _write(layout, token)
    text = (layout.configuration / "tillwatch.yaml").read_text()
    assert token not in text
    assert hashlib.sha256(token.encode()).hexdigest() in text


def test_the_token_is_kept_over_runs_and_readable_by_its_owner_alone(layout: Layout) -> None:
    token = layout.console_token()
    assert layout.console_token() == token
    assert stat.S_IMODE((layout.root / "console-token").stat().st_mode) == 0o600


def test_policy_and_rules_of_the_chosen_directory_are_used_and_gone_in_the_next_run_without_it(
    layout: Layout, tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen"
    (chosen / "rules").mkdir(parents=True)
    (chosen / "policy.yaml").write_text("guard:\n  observe_only: true\n")
    for rules in sorted((DEFAULTS / "rules").glob("*.yaml"))[:1]:
        (chosen / "rules" / rules.name).write_text(rules.read_text())
    (chosen / "calendars").mkdir()
    (chosen / "calendars" / "us.ics").write_text("BEGIN:VCALENDAR")
    layout.take_policy_and_rules(chosen)
    assert load_configuration(layout.configuration, {}).policy.guard.observe_only
    assert (layout.configuration / "calendars" / "us.ics").exists()
    layout.take_policy_and_rules(None)
    assert not (layout.configuration / "calendars").exists()
    assert not (layout.configuration / "policy.yaml").exists()
    assert not (layout.configuration / "rules").exists()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    with pytest.raises(DirectoryUnusable, match="logs"):
        Layout(tmp_path).make()


def test_a_configuration_that_somebody_else_wrote_is_never_replaced(layout: Layout) -> None:
    layout.configuration.mkdir(parents=True, exist_ok=True)
    (layout.configuration / "policy.yaml").write_text("guard:\n  observe_only: true\n")
    with pytest.raises(DirectoryUnusable, match="was not written by `up`"):
        layout.claim_configuration(None)
    assert (layout.configuration / "policy.yaml").read_text().startswith("guard")


def test_what_up_writes_itself_is_no_choice_of_policy_and_rules(layout: Layout) -> None:
    with pytest.raises(DirectoryUnusable, match="give a copy"):
        layout.claim_configuration(layout.configuration)


def test_the_regions_of_a_scenario_are_in_the_policy_that_is_written_and_all_else_stays(layout: Layout) -> None:
    _write(layout, "secret")
    layout.set_regions({"us-east-1": 500.0, "us-west-2": 500.0})
    policy = load_configuration(layout.configuration, {}).policy
    assert set(policy.traffic.regions) == {"us-east-1", "us-west-2"}
    assert policy.guard == load_configuration(None, {}).policy.guard
    layout.set_regions({})
    assert load_configuration(layout.configuration, {}).policy == load_configuration(None, {}).policy


def test_a_run_is_open_at_any_hour_unless_the_chosen_policy_has_calendars(layout: Layout, tmp_path: Path) -> None:
    _write(layout, "secret")
    layout.open_at_any_hour()
    policy = load_configuration(layout.configuration, {}).policy
    assert policy.calendars == ()
    packaged = load_configuration(None, {}).policy
    assert policy == packaged.model_copy(update={"calendars": ()})
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    (chosen / "policy.yaml").write_text("calendars:\n  - {name: bank, kind: cutoff}\n")
    layout.take_policy_and_rules(chosen)
    layout.open_at_any_hour()
    assert [one.name for one in load_configuration(layout.configuration, {}).policy.calendars] == ["bank"]
