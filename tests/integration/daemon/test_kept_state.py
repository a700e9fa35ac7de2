"""What the rules know survives kills, stops and reloads of a real daemon: every reading equals an exact recount."""

import re
import signal
from collections.abc import Sequence
from math import ceil
from pathlib import Path

import pytest

from checks.facts import PaymentAttempted
from tests.integration.daemon.world import (
    Account,
    Program,
    Programs,
    Sender,
    ask,
    attempt,
    configure,
    entries,
    packed,
    until,
)

RULE = """
  - id: {name}
    family: sla
    on: payment.attempted
    per: [environment]
    measure: {measure}
    breach: "{breach}"
    severity: low
    runbook: none
"""
COUNTED = RULE.format(name="attempts", measure='{count: "true", window: 1h}', breach="> 1000000")
MEASURES = (
    COUNTED
    + RULE.format(name="failing", measure="{ratio: \"outcome == 'failed'\", window: 30m}", breach="> 99%")
    + RULE.format(name="slow", measure="{quantile: latency_ms, q: 0.9, window: 20m}", breach="> 60s")
    + RULE.format(name="latest", measure="{value: amount_cents, stale_after: 30d}", breach="> 1000000")
)


class Feed:
    """Sends numbered payments; remembers every one."""

    def __init__(self, sender: Sender, account: Account) -> None:
        self._sender = sender
        self._queue = account.payment_queue
        self.sent: list[PaymentAttempted] = []

    async def send(self, count: int) -> None:
        """So many new ones, ten to a message, each message twice, as a queue may deliver it."""
        first = len(self.sent)
        new = [
            attempt(
                number,
                "failed" if number % 4 == 0 else "succeeded",
                "green" if number % 3 else "blue",
                latency_ms=100 + 7 * (number % 50),
                amount_cents=number,
            )
            for number in range(first + 1, first + count + 1)
        ]
        self.sent += new
        messages = [packed(*new[start : start + 10]) for start in range(0, count, 10)]
        await self._sender.send(self._queue, *messages, *messages)


async def readings(daemon: Program) -> dict[tuple[str, str], tuple[object, int]]:
    """Value and samples by rule and environment."""
    rules = (await ask(daemon, "/api/v1/rules")).json()["rules"]
    return {
        (rule["id"], reading["key"]["environment"]): (reading["value"], reading["samples"])
        for rule in rules
        for reading in rule["readings"]
    }


async def until_counted(daemon: Program, wanted: int) -> None:
    """Wait until the rules have seen so many payments, which the metrics and the rules say alike."""
    seen = 0
    while seen < wanted:
        found = await readings(daemon)
        seen = sum(samples for (rule, _), (_, samples) in found.items() if rule == "attempts")
    assert seen == wanted


def recount(payments: Sequence[PaymentAttempted]) -> dict[tuple[str, str], tuple[object, int]]:
    """Every reading but the quantile's value, from the payments themselves."""
    found: dict[tuple[str, str], tuple[object, int]] = {}
    for environment in ("blue", "green"):
        of = [one for one in payments if one.environment == environment]
        failed = sum(one.outcome == "failed" for one in of)
        found["attempts", environment] = (float(len(of)), len(of))
        found["failing", environment] = (failed / len(of), len(of))
        ranked = sorted(one.latency_ms for one in of)
        found["slow", environment] = (ranked[ceil(0.9 * len(of)) - 1], len(of))
        found["latest", environment] = (float(max(one.amount_cents for one in of)), 1)
    return found


@pytest.mark.timeout(240)
async def test_every_measure_equals_a_recount_after_kills_and_stops_at_any_distance_from_a_snapshot(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    folder = configure(tmp_path, account, rules="rules:" + MEASURES)
    state = tmp_path / "data" / "state"
    feed = Feed(sender, account)

    daemon = await programs.ready_daemon(folder)
    await feed.send(60)
    await until(lambda: any(state.glob("*.state")), "the first snapshot")
    await feed.send(30)
    await until_counted(daemon, 90)
    await daemon.kill()

    await feed.send(25)
    daemon = await programs.ready_daemon(folder)
    await feed.send(15)
    await daemon.kill()

    daemon = await programs.ready_daemon(folder)
    await until_counted(daemon, 130)
    assert await daemon.stop() == 0
    newest = max(state.glob("*.state"))
    newest.write_bytes(newest.read_bytes()[:-3])

    await feed.send(20)
    daemon = await programs.ready_daemon(folder)
    await until_counted(daemon, 150)
    found, expected = await readings(daemon), recount(feed.sent)
    assert found.keys() == expected.keys()
    for key, (value, samples) in expected.items():
        assert found[key][1] == samples, key
        assert found[key][0] == pytest.approx(value, rel=0.006), key
    assert metric((await ask(daemon, "/metrics")).text, "till_state_unusable_total") == 1
    assert await daemon.stop() == 0


def metric(text: str, name: str) -> float:
    """The value of a metric without labels."""
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, name
    return float(found[1])


@pytest.mark.timeout(120)
async def test_sighup_takes_new_rules_over_and_refuses_bad_ones(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender
) -> None:
    folder = configure(tmp_path, account, rules="rules:" + COUNTED)
    feed = Feed(sender, account)
    daemon = await programs.ready_daemon(folder)
    await feed.send(40)
    await until_counted(daemon, 40)

    rules = folder / "rules" / "mine.yaml"
    rules.write_text("rules:" + COUNTED.replace("breach:", "breech:"), encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    await until(lambda: bool(entries(tmp_path, "configuration.refused")), "the refusal in the journal")
    assert "mine.yaml:7" in str(entries(tmp_path, "configuration.refused")[0].fields["problems"])
    assert metric((await ask(daemon, "/metrics")).text, "till_config_reload_success") == 0
    assert "configuration_refused" in daemon.said()
    assert (await readings(daemon)).keys() == {("attempts", "blue"), ("attempts", "green")}

    rules.write_text("rules:" + MEASURES, encoding="utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    await until(lambda: bool(entries(tmp_path, "configuration.reloaded")), "the reload in the journal")
    fields = entries(tmp_path, "configuration.reloaded")[0].fields
    assert (fields["cause"], fields["added"]) == ("SIGHUP", ["failing", "slow", "latest"])
    await feed.send(20)
    await until_counted(daemon, 60)
    found, expected = await readings(daemon), recount(feed.sent)
    assert {key: samples for key, (_, samples) in found.items()} == {
        key: samples for key, (_, samples) in expected.items()
    }
    text = (await ask(daemon, "/metrics")).text
    assert metric(text, "till_config_reload_success") == 1
    assert metric(text, "till_rule_keys_evicted_total") == 0
    assert await daemon.stop() == 0
