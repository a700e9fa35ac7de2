"""The packaged rules: silent in healthy traffic, quick with a bad canary, each with its reason."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from checks.engine import Engine
from checks.facts import AchReturnRate, Dispute, Fact, HealthProbed, HealthStatus, PaymentAttempted, PaymentCaptured
from checks.findings import Finding, State
from checks.lint import lint
from checks.rules import compile_rules
from config.load import DEFAULTS, load_configuration

CORE = "aws-payment-processor"
NOW_MS = 1_700_000_000_000
PAYMENTS_PER_SECOND = 40


def packaged() -> Engine:
    return Engine(compile_rules(load_configuration(None).rule_files))


def second_of_traffic(chance: random.Random, at_ms: int, green_share: float, green_failed: float) -> Iterator[Fact]:
    for number in range(PAYMENTS_PER_SECOND):
        green = chance.random() < green_share
        failed = green and chance.random() < green_failed
        declined = not failed and chance.random() < 0.08
        yield PaymentAttempted(
            id=f"{at_ms}-{number}",
            at_ms=at_ms + number * 25,
            subject=f"p{at_ms}-{number}",
            environment="green" if green else "blue",
            rail="card",
            outcome="failed" if failed else "declined" if declined else "succeeded",
            amount_cents=6_400,
            latency_ms=chance.uniform(20, 300),
            customer_id=f"cus_{chance.randrange(300)}",
            card_brand="visa" if declined else chance.choice(("visa", "mastercard", "amex")),
        )


def probes(at_ms: int) -> list[Fact]:
    return [
        HealthProbed(id=f"{name}{at_ms}", at_ms=at_ms, subject=CORE, environment=name, status="healthy")
        for name in ("blue", "green")
    ]


def play(
    engine: Engine, seconds: int, *, quiet: int = 0, green_share: float = 0.0, green_failed: float = 0.0
) -> list[Finding]:
    chance = random.Random(7)  # noqa: S311  # reproducible traffic
    found: list[Finding] = []
    for second in range(seconds):
        at_ms = NOW_MS + second * 1_000
        facts = probes(at_ms)
        if second >= quiet:
            facts += second_of_traffic(chance, at_ms, green_share, green_failed)
        found += engine.observe(facts, at_ms + 1_000)
        found += engine.tick(at_ms + 1_000)
    return found


def test_healthy_traffic_with_a_quiet_start_breaches_nothing() -> None:
    engine = packaged()
    assert play(engine, 900, quiet=15) == []
    assert {reading.state for reading in engine.current()} == {State.CLEARED}


def test_a_canary_that_fails_one_in_twenty_is_seen_and_blue_is_not_blamed() -> None:
    found = play(packaged(), 120, green_share=0.2, green_failed=0.05)
    first = next(one for one in found if one.rule_id == "payment-failure-rate")
    assert (first.key["environment"], first.state, first.do) == ("green", State.BREACHED, ("rollback.traffic",))
    assert first.fact_id
    assert first.at_ms < NOW_MS + 60_000
    assert "blue" not in {one.key.get("environment") for one in found}


def test_a_core_that_stops_answering_is_paged_within_ten_seconds() -> None:
    engine = packaged()
    play(engine, 30)
    down_ms = NOW_MS + 30_000
    found: list[Finding] = []
    for second in range(0, 10, 2):
        at_ms = down_ms + second * 1_000
        fact = HealthProbed(id=f"x{at_ms}", at_ms=at_ms, subject=CORE, environment="blue", status="unhealthy")
        found += engine.observe([fact], at_ms)
    assert "core-unreachable" in {one.rule_id for one in found}


def health(subject: str, status: HealthStatus, at_ms: int, check: str = "") -> Fact:
    return HealthProbed(
        id=f"{subject}{at_ms}", at_ms=at_ms, subject=subject, environment="blue", status=status, check=check
    )


def test_two_health_payments_of_three_have_to_fail_and_say_nothing_of_readiness() -> None:
    engine = packaged()
    five_minutes_ms = 300_000
    found: list[Finding] = []
    for number, status in enumerate(("healthy", "unhealthy", "unhealthy")):
        at_ms = NOW_MS + number * five_minutes_ms
        assert found == []
        found = engine.observe([health(CORE, status, at_ms, "payment")], at_ms)  # type: ignore[arg-type]  # the tuple's strings
    assert [(one.rule_id, one.state) for one in found] == [("health-payment-failing", State.BREACHED)]


@pytest.mark.parametrize("subject", ["fraud-detector", "ach-transfer-manager", "escrow-manager", "api", "monitoring"])
def test_a_component_that_is_broken_when_it_is_tried_pages_and_one_that_is_slow_does_not(subject: str) -> None:
    engine = packaged()
    assert engine.observe([health(subject, "degraded", NOW_MS)], NOW_MS) == []
    (found,) = engine.observe([health(subject, "unhealthy", NOW_MS + 1)], NOW_MS + 1)
    assert (found.rule_id, found.key, found.state) == ("component-unhealthy", {"subject": subject}, State.BREACHED)


def test_no_payment_for_half_a_minute_is_a_breach() -> None:
    engine = packaged()
    play(engine, 5)
    found = engine.tick(NOW_MS + 36_000)
    silent = {one.rule_id for one in found if one.state is State.BREACHED}
    assert silent == {"payments-absent", "region-payments-absent"}


def rate(family: Literal["unauthorized", "administrative", "overall"], returned: int, originated: int) -> Fact:
    ratio = returned / originated
    return AchReturnRate(
        id=family,
        at_ms=NOW_MS,
        subject=family,
        family=family,
        ratio=ratio,
        returned=returned,
        originated=originated,
    )


def captures(rail: Literal["card", "ach"], cost_microcents: int) -> list[Fact]:
    """A hundred captures of $100, for which the replaced processor would have charged $3.45."""
    return [
        PaymentCaptured(
            id=f"{rail}{number}",
            at_ms=NOW_MS,
            subject=f"cap_{number}",
            rail=rail,
            amount_cents=10_000,
            cost_microcents=cost_microcents,
            baseline_microcents=345_000_000,
        )
        for number in range(100)
    ]


def encryption(status: HealthStatus) -> Fact:
    return HealthProbed(id=status, at_ms=NOW_MS, subject="encryption", environment="blue", status=status)


def disputes(count: int) -> list[Fact]:
    return [
        Dispute(
            id=f"d{number}",
            at_ms=NOW_MS,
            subject=f"dp_{number}",
            rail="card",
            status="needs_response",
            amount_cents=10_000,
            provider_id="pro_1",
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("facts", "breached"),
    [
        ([encryption("unhealthy")], {"encryption-broken"}),
        ([encryption("degraded")], set()),
        ([encryption("healthy")], set()),
        ([rate("unauthorized", 5, 1000)], set()),
        ([rate("unauthorized", 6, 1000)], {"ach-unauthorized-returns"}),
        ([rate("unauthorized", 1, 199)], set()),
        ([rate("administrative", 30, 1000)], set()),
        ([rate("administrative", 31, 1000)], {"ach-administrative-returns"}),
        ([rate("overall", 15, 100)], set()),
        ([rate("overall", 16, 100)], {"ach-overall-returns"}),
        (captures("ach", 6_900_000), set()),
        (captures("card", 27_000_000), {"savings-below-98-percent"}),
        (disputes(4), set()),
        (disputes(5), {"disputes-of-one-provider"}),
    ],
)
def test_a_fact_beyond_its_limit_is_a_breach_and_one_at_its_limit_is_none(
    facts: list[Fact], breached: set[str]
) -> None:
    found = packaged().observe(facts, NOW_MS)
    assert {one.rule_id for one in found if one.state is State.BREACHED} == breached


def test_a_broken_encryption_and_too_many_returns_page_while_savings_and_disputes_only_watch() -> None:
    engine = packaged()
    facts = [encryption("unhealthy"), rate("unauthorized", 6, 1000), *captures("card", 27_000_000), *disputes(5)]
    asked = {one.rule_id: (one.do, one.severity, one.mode) for one in engine.observe(facts, NOW_MS)}
    assert asked == {
        "encryption-broken": (("page",), "critical", "enforce"),
        "ach-unauthorized-returns": (("page",), "high", "enforce"),
        "savings-below-98-percent": ((), "medium", "shadow"),
        "disputes-of-one-provider": ((), "medium", "shadow"),
    }


def test_the_packaged_rules_have_no_warnings() -> None:
    rule_files = load_configuration(None).rule_files
    assert lint(rule_files, compile_rules(rule_files)) == ()


@pytest.mark.parametrize("file", sorted((DEFAULTS / "rules").glob("*.yaml")), ids=lambda file: file.stem)
def test_each_packaged_rule_says_which_line_of_the_owners_text_it_answers(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    blocks = re.split(r"\n\s*\n", text)
    assert blocks
    for block in blocks:
        if "- id:" in block:
            comment = block[: block.index("- id:")]
            assert re.search(r'#.*"[A-Z].+"', comment), block
