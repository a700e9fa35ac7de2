"""The stated time: only time between equal reads counts, a difference begins it anew, and more asked takes it back."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from payment_core.migration.running.model import ShadowEvidence
from payment_core.migration.running.shadow_read.evidence import GAP_MS, Tally, counted, stated, wanting

NOTHING = ShadowEvidence(id="evidence")
ASKED = replace(NOTHING, stated_ms=10_000, least=5)
READY = replace(ASKED, equal=5, equal_ms=10_000, last_equal_ms=1)


def missing(evidence: ShadowEvidence | None, **changes: object) -> str:
    around: dict[str, object] = {"open_differences": 0, "lag_ms": 100, "waiting": 0, "jobs_left": ()}
    return "; ".join(wanting(evidence, **(around | changes)))  # type: ignore[arg-type]  # named as the function has them


def test_time_counts_between_equal_reads_and_not_across_a_gap() -> None:
    one = counted(ASKED, Tally(equal=3), 1_000)
    assert (one.equal, one.equal_ms) == (3, 0)
    two = counted(one, Tally(equal=1), 5_000)
    assert (two.equal, two.equal_ms) == (4, 4_000)
    assert counted(two, Tally(equal=1), 5_000 + GAP_MS + 1).equal_ms == 4_000


def test_reads_that_could_not_be_made_add_no_time() -> None:
    one = counted(ASKED, Tally(equal=1), 1_000)
    blind = counted(one, Tally(unreadable=50), 30_000)
    assert (blind.equal_ms, blind.unreadable_total) == (0, 50)


def test_a_difference_begins_the_stated_time_anew_and_is_remembered() -> None:
    after = counted(READY, Tally(equal=90, differing=1, first="card x: exp_year"), 20_000)
    assert (after.equal, after.equal_ms, after.stopped_by) == (0, 0, "card x: exp_year")
    assert after.equal_total == 90


def test_each_thing_that_is_wanting_is_said_and_unknown_is_not_zero() -> None:
    assert missing(READY) == ""
    assert "nobody stated" in missing(None)
    assert "nobody stated" in missing(NOTHING)
    assert "4 of 5 reads" in missing(replace(READY, equal=4))
    assert "equal for 9 of 10 s" in missing(replace(READY, equal_ms=9_400))
    assert "nobody knows" in missing(READY, lag_ms=None)
    assert "1.0 s behind" in missing(READY, lag_ms=1_000)
    assert "2 differences" in missing(READY, open_differences=2)
    assert "3 writes wait" in missing(READY, waiting=3)
    assert "customers, audit-trail" in missing(READY, jobs_left=("customers", "audit-trail"))


def test_asking_for_more_takes_an_allowance_back_and_asking_for_the_same_does_not() -> None:
    allowed = replace(READY, allowed_at_ms=7)
    assert stated(allowed, 10_000, 5).allowed_at_ms == 7
    assert stated(allowed, 10_001, 5).allowed_at_ms == 0
    assert stated(allowed, 10_000, 6).allowed_at_ms == 0


tallies = st.builds(
    Tally,
    equal=st.integers(0, 5),
    differing=st.integers(0, 1),
    missing=st.integers(0, 1),
    unreadable=st.integers(0, 3),
)


@settings(max_examples=60)
@given(st.lists(st.tuples(tallies, st.integers(1, 2 * GAP_MS)), max_size=30))
def test_the_time_that_counts_never_exceeds_the_time_since_the_last_difference(
    looks: list[tuple[Tally, int]],
) -> None:
    evidence, now_ms, since_ms = ASKED, 1_000, 1_000
    for tally, passed_ms in looks:
        now_ms += passed_ms
        evidence = counted(evidence, tally, now_ms)
        if tally.differing + tally.missing > 0:
            since_ms = now_ms
            assert (evidence.equal, evidence.equal_ms) == (0, 0)
        assert 0 <= evidence.equal_ms <= now_ms - since_ms
