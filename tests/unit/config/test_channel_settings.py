"""Channels are refused when they could not work, with the place and the fix; nobody is left without one."""

from pathlib import Path

import pytest

from config.load import load_configuration
from config.loading.problems import ConfigurationError

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
