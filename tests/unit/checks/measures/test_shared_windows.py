"""Rules that share a window are each judged by their own limits: what one needs is no measure for another."""

from collections.abc import Iterator

import pytest

from checks.facts import PaymentAttempted
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
