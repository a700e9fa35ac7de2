"""Rules that share a window are each judged by their own limits: what one needs is no measure for another."""

from collections.abc import Iterator

import pytest

from checks.facts import Deployment, PaymentAttempted
from checks.findings import State
from tests.unit.checks.conftest import Start
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_699_920_000_000


def failures(identity: str, min_samples: int) -> str:
    measure = f"{{ratio: \"outcome == 'failed'\", window: 60s, min_samples: {min_samples}}}"
    return rule(measure, identity=identity, breach="> 50%", clear="< 10%")


def payments(second: int, count: int, outcome: str) -> Iterator[PaymentAttempted]:
    for number in range(count):
        yield PaymentAttempted(
            id=f"{outcome}-{second}-{number}",
            at_ms=NOW_MS + second * 1000,
            subject=f"pay-{number}",
            environment="green",
            rail="card",
            outcome=outcome,  # type: ignore[arg-type]  # one of them
            amount_cents=100,
        )


@pytest.mark.parametrize("minimums", [(2, 50), (50, 2)])
def test_a_share_that_rises_because_good_facts_left_is_seen_by_the_rule_that_needs_few(
    start: Start, minimums: tuple[int, int]
) -> None:
    engine = start(rules(*(failures(f"needs-{count}", count) for count in minimums)))
    assert engine.observe([*payments(0, 10, "succeeded")], NOW_MS) == []
    assert engine.observe([*payments(30, 3, "failed")], NOW_MS + 30_000) == []
    found = engine.tick(NOW_MS + 62_000)
    assert [(one.rule_id, one.state, one.samples) for one in found] == [("needs-2", State.BREACHED, 3)]


def test_a_share_that_rises_because_good_facts_left_is_dated_when_they_did_and_not_by_the_fact_that_moved_time(
    start: Start,
) -> None:
    engine = start(rules(failures("one", 2)))
    assert engine.observe([*payments(0, 10, "succeeded")], NOW_MS) == []
    assert engine.observe([*payments(30, 3, "failed")], NOW_MS + 30_000) == []
    (found,) = engine.observe([*payments(75, 1, "failed")], NOW_MS + 75_400)
    assert (found.at_ms, found.fact_id) == (NOW_MS + 75_000, "")


def test_after_a_restart_late_facts_of_the_release_before_are_still_no_evidence(start: Start) -> None:
    engine, other = start(rules(failures("one", 2))), start(rules(failures("one", 2)))
    release = Deployment(
        id="d1", at_ms=NOW_MS + 10_000, subject="r2", status="started", environment="green", previous_environment="blue"
    )
    engine.observe([*payments(0, 10, "succeeded"), release], NOW_MS + 10_000)
    other.restore(engine.snapshot())
    assert other.observe([*payments(5, 20, "failed")], NOW_MS + 11_000) == []
    assert other.current() == []
