"""What the fraud score said and why payments were refused: by event time, bounded, and forgotten after an hour."""

from msgspec.structs import replace

from checks.facts import PaymentAttempted
from daemon.view.declines import KEPT_MINUTES, OTHER, REASONS_MAX, Declines

NOW_MS = 1_795_460_400_000
PAID = PaymentAttempted(
    id="e",
    at_ms=NOW_MS,
    subject="pay_1",
    rail="card",
    outcome="succeeded",
    amount_cents=100,
    fraud_score=230,
    scored=True,
)


def declined(code: str, at_ms: int = NOW_MS) -> PaymentAttempted:
    return replace(PAID, outcome="declined", decline_code=code, at_ms=at_ms)


def folded(*facts: PaymentAttempted) -> Declines:
    found = Declines()
    for fact in facts:
        found.observe(fact, NOW_MS)
    return found


def test_nothing_seen_is_nothing_counted() -> None:
    seen = Declines().seen(NOW_MS)
    assert (seen.attempts, seen.unscored, seen.scores, seen.reasons) == (0, 0, {}, ())


def test_reasons_come_with_their_counts_the_most_frequent_first() -> None:
    early = NOW_MS - 30 * 60_000
    failed = replace(PAID, outcome="failed", error_code="")
    seen = folded(PAID, declined("lost"), declined("funds", early), declined("funds"), failed).seen(NOW_MS)
    assert [(one.outcome, one.code, one.payments, one.recent) for one in seen.reasons] == [
        ("declined", "funds", 2, 1),
        ("declined", "lost", 1, 1),
        ("failed", "unknown", 1, 1),
    ]
    assert seen.reasons[0].newest_at_ms == NOW_MS


def test_what_nobody_scored_has_no_score_and_is_counted_by_itself() -> None:
    seen = folded(PAID, replace(PAID, scored=False)).seen(NOW_MS)
    assert (seen.attempts, seen.unscored, seen.scores) == (2, 1, {200: 1})


def test_an_hour_later_it_is_forgotten_also_by_who_asks_late() -> None:
    found = folded(declined("lost"))
    later = NOW_MS + KEPT_MINUTES * 60_000
    assert found.seen(later).attempts == 0
    found.observe(replace(PAID, at_ms=later), later)
    found.observe(declined("late", NOW_MS), later)
    assert found.seen(later).attempts == 1
    assert found.seen(later).reasons == ()


def test_a_fact_from_the_future_counts_as_now() -> None:
    assert folded(declined("lost", NOW_MS + 7_200_000)).seen(NOW_MS).reasons[0].newest_at_ms == NOW_MS


def test_names_that_come_with_events_are_bounded() -> None:
    seen = folded(*(declined(f"code-{number}") for number in range(REASONS_MAX + 60))).seen(NOW_MS)
    assert len(seen.reasons) == REASONS_MAX + 1
    assert {one.code: one.payments for one in seen.reasons}[OTHER] == 60
