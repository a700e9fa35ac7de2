"""Channels are refused when they could not work, with the place and the fix; nobody is left without one."""

from pathlib import Path

import pytest

from config.load import load_configuration
from config.loading.problems import ConfigurationError

EMAIL = "kind: email, host: mail.example.com, sender: till@example.com"
PAGERDUTY = "channels: {via: {pagerduty: {kind: pagerduty, routing_key_file: routing.key}}"


def problems(directory: Path, text: str) -> list[str]:
    (directory / "tillwatch.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_configuration(directory, {})
    return [str(one) for one in raised.value.problems]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("channels: {via: {pd: {kind: pagerduty}}}", "neither routing_key nor routing_key_file"),
        ("channels: {via: {pd: {kind: pager}}}", "pager"),
        ("channels: {via: {chat: {kind: slack, url: a, url_file: b}}}", "or both"),
        ("channels: {fallback: chat}", "there is no channel chat"),
        (PAGERDUTY + ", fallback: pagerduty, fallback_after: 50s}", "later than within a minute"),
        (
            PAGERDUTY[:-2] + ", webhook_secret: a, webhook_secret_file: b}}}",
            "webhook_secret and webhook_secret_file are both",
        ),
        ("channels: {via: {a: {kind: teams}}}", "neither url nor url_file"),
        ("channels: {via: {a: {kind: apprise}}}", "neither url nor url_file"),
        ("channels: {via: {a: {kind: alertmanager, url: ftp://example.com}}}", "is not an http(s) address"),
        (f"channels: {{via: {{a: {{{EMAIL}, tls: none}}}}}}", "could be read on the way"),
        (f"channels: {{via: {{a: {{{EMAIL}, username: till}}}}}}", "neither password nor password_file"),
        (f"channels: {{via: {{a: {{{EMAIL}, password: till}}}}}}", "a password is given and no username"),
        (
            "channels: {via: {a: {kind: email, host: mail.example.com, sender: 'Till <t@example.com>'}}}",
            "no e-mail address",
        ),
        ("channels: {via: {a: {kind: mqtt, host: broker.example.com, tls: false}}}", "could be read on the way"),
        ("channels: {via: {a: {kind: mqtt, host: 127.0.0.1, topic: a/#}}}", "is no topic to publish to"),
        ("channels: {via: {a: {kind: sms}}, fallback: a}", "needs an address of each person"),
    ],
)
def test_a_channel_that_could_not_work_is_refused(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in problem for problem in problems(tmp_path, text))


def test_everybody_has_to_be_reached_by_a_channel_that_there_is(tmp_path: Path) -> None:
    found = problems(tmp_path, PAGERDUTY + "}")
    assert len(found) == 5
    assert any("no channel reaches vp-engineering" in one and "channels.fallback" in one for one in found)


def test_one_channel_for_everybody_is_enough_and_its_secret_is_shown_nowhere(tmp_path: Path) -> None:
    text = "channels: {via: {chat: {kind: slack, url: https://hooks.slack.com/T0/B0/XOXSECRET}}, fallback: chat}"
    (tmp_path / "tillwatch.yaml").write_text(text, "utf-8")
    configuration = load_configuration(tmp_path, {})
    assert "XOXSECRET" not in repr(configuration)
    assert "XOXSECRET" not in configuration.settings.model_dump_json()


def test_a_secret_may_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "tillwatch.yaml").write_text("channels: {via: {pd: {kind: pagerduty}}, fallback: pd}", "utf-8")
    channels = load_configuration(tmp_path, {"TILL_CHANNELS__VIA__PD__ROUTING_KEY": "from-outside"}).settings.channels
    channel = channels.via["pd"]
    assert channel.kind == "pagerduty"
    assert channel.routing_key.get_secret_value() == "from-outside"


ONE = """
people: {{ana: {{name: Ana, contacts: [{contact}]}}}}
policies: {{usual: {{steps: [{{after: 0s, level: Ana, tier: L1, tell: [{{person: ana}}]}}]}}}}
usual: usual
"""


@pytest.mark.parametrize(
    ("via", "contact", "what", "fix"),
    [
        ("", "{channel: slck, address: a}", "people.ana.contacts.0: there is no channel slck", "write slack"),
        ("chat: {kind: slack, url: a}", "{channel: chta, address: a}", "there is no channel chta", "write chat"),
        ("chat: {kind: slack, url: a}", "{channel: zzz, address: a}", "there is no channel zzz", "write one of chat"),
        ("sms: {kind: sms}", "{channel: sms, address: +1-555-ONCALL}", "sms cannot use this address", "+15550100123"),
        (f"email: {{{EMAIL}}}", "{channel: email, address: 'a@b, c@d'}", "email cannot use", "ops@example.com"),
        ("mqtt: {kind: mqtt, host: b}", "{channel: mqtt, address: a/#}", "mqtt cannot use", "without + and #"),
    ],
)
def test_a_contact_that_names_no_channel_or_has_no_usable_address_is_refused_with_a_fix(
    tmp_path: Path, via: str, contact: str, what: str, fix: str
) -> None:
    (tmp_path / "escalation.yaml").write_text(ONE.format(contact=contact), "utf-8")
    found = problems(tmp_path, f"channels: {{via: {{{via}}}}}")
    assert any(what in one and fix in one for one in found), found
    assert all("ONCALL" not in one and "a@b" not in one for one in found)


def test_a_contact_may_name_a_kind_that_is_not_set_up_yet(tmp_path: Path) -> None:
    (tmp_path / "escalation.yaml").write_text(ONE.format(contact="{channel: sms, address: none yet}"), "utf-8")
    (tmp_path / "tillwatch.yaml").write_text("{}", "utf-8")
    assert load_configuration(tmp_path, {}).escalation.people["ana"].contacts[0].channel == "sms"
    (tmp_path / "tillwatch.yaml").write_text("channels: {via: {chat: {kind: slack, url: a}}, fallback: chat}", "utf-8")
    assert load_configuration(tmp_path, {}).settings.channels.fallback == "chat"
