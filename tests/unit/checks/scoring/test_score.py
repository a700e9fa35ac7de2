"""What a score is: capped sums, bands, hard rules, allow rules, shadow, and that evidence never lowers it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.facts import Fact, PaymentAttempted, PaymentRequested
from checks.scoring.engine import NotScored, ScoringEngine
from checks.scoring.lists import ListEntry, ListName, Lists
from checks.scoring.model import Decision, HardMatch, Match
from checks.scoring.verdict import Scale, decide
from config.fraud import Bands
from tests.unit.checks.scoring.fraud_facts import (
    DAY,
    HEAD,
    NOW_MS,
    attempt,
    default_rules,
    engine_of,
    payment,
    payout,
    rule,
)

CAPS = {"first": 400, "second": 300, "third": 700}
SCALE = Scale(CAPS, Bands())

matches = st.builds(
    lambda number, family, points: Match(rule=f"r{number}", reason="r", family=family, points=points),
    st.integers(0, 99),
    st.sampled_from(sorted(CAPS)),
    st.integers(1, 1000),
)


@given(st.lists(matches, max_size=12), matches)
def test_another_match_never_lowers_the_score(before: list[Match], another: Match) -> None:
    lower = SCALE.value(SCALE.families(before))
    higher = SCALE.value(SCALE.families([*before, another]))
    assert 0 <= lower <= higher <= 1000
    assert SCALE.band(higher).severity >= SCALE.band(lower).severity


@given(st.lists(matches, max_size=12))
def test_a_family_adds_at_most_its_cap(found: list[Match]) -> None:
    families = SCALE.families(found)
    assert all(0 <= points <= CAPS[family] for family, points in families.items())
    assert SCALE.value(families) == min(1000, sum(families.values()))


@given(st.lists(matches, max_size=8), st.integers(-1000, -1))
def test_a_credit_touches_its_own_family_alone(found: list[Match], points: int) -> None:
    credit = Match(rule="credit", reason="r", family="first", points=points)
    without, families = SCALE.families(found), SCALE.families([*found, credit])
    assert families["first"] >= 0
    assert {name: families.get(name) for name in ("second", "third")} == {
        name: without.get(name) for name in ("second", "third")
    }


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (0, Decision.APPROVE),
        (199, Decision.APPROVE),
        (200, Decision.MONITOR),
        (499, Decision.MONITOR),
        (500, Decision.REVIEW),
        (799, Decision.REVIEW),
        (800, Decision.BLOCK),
        (949, Decision.BLOCK),
        (950, Decision.FREEZE),
        (1000, Decision.FREEZE),
    ],
)
def test_a_band_begins_at_its_lowest_score(value: int, band: Decision) -> None:
    assert SCALE.band(value) is band


@pytest.mark.parametrize("band", list(Decision))
@pytest.mark.parametrize("hard", [None, Decision.BLOCK, Decision.FREEZE])
def test_a_hard_rule_beats_an_allow_rule_and_an_allow_rule_stops_at_review(
    band: Decision, hard: Decision | None
) -> None:
    hits = [] if hard is None else [HardMatch(rule="h", reason="h", decision=hard)]
    decision = decide(band, hits, allowed=True)
    if hard is not None:
        assert decision.severity >= hard.severity
    elif band.severity <= Decision.REVIEW.severity:
        assert decision is band
    else:
        assert decision is Decision.REVIEW


def test_points_of_all_matches_are_summed_with_reason_reading_and_limit(tmp_path: Path) -> None:
    text = HEAD + rule("tor", "where: \"ip_kind == 'tor'\"", points=150)
    text += rule("many", "per: [ip], measure: {count: 'true', window: 1h}, breach: '>= 2'", family="second", points=70)
    engine = engine_of(tmp_path, text)
    assert engine.score(payment(1, ip="1.1.1.1", ip_kind="tor"), NOW_MS).value == 150
    score = engine.score(payment(2, ip="1.1.1.1", ip_kind="tor"), NOW_MS)
    assert score.value == 220
    assert score.band is Decision.MONITOR
    assert score.families == {"first": 150, "second": 70}
    assert [(match.rule, match.reading, match.threshold) for match in score.reasons] == [
        ("tor", True, ""),
        ("many", 2, ">= 2"),
    ]


def test_a_shadow_rule_is_reported_and_never_changes_the_score(tmp_path: Path) -> None:
    enforced = HEAD + rule("tor", "where: \"ip_kind == 'tor'\"")
    shadow = enforced + rule("all", "mode: shadow", points=1000)
    shadow += (
        "hard: [{id: hard-rule, on: payment.requested, where: 'true', mode: shadow, reason: hard_reason, summary: s}]\n"
    )
    for kind in ("tor", ""):
        with_shadow = engine_of(tmp_path, shadow).score(payment(ip_kind=kind), NOW_MS)
        without = engine_of(tmp_path, enforced).score(payment(ip_kind=kind), NOW_MS)
        assert [match.rule for match in with_shadow.shadow] == ["all", "hard-rule"]
        assert (with_shadow.value, with_shadow.decision, with_shadow.reasons, with_shadow.hard) == (
            without.value,
            without.decision,
            without.reasons,
            without.hard,
        )


def test_an_allowed_customer_is_reviewed_where_the_score_would_block_and_blocked_by_a_hard_rule(tmp_path: Path) -> None:
    text = HEAD + rule("tor", "where: \"ip_kind == 'tor'\"", family="fourth", points=900)
    text += "hard: [{id: hard-rule, on: payment.requested, where: 'amount_cents > 9000', reason: much, summary: s}]\n"
    staff_rule = "id: allow-rule, on: payment.requested, where: \"customer_id == 'staff'\", reason: ours, summary: s"
    text += f"allow: [{{{staff_rule}}}]\n"
    engine = engine_of(tmp_path, text)
    assert engine.score(payment(ip_kind="tor"), NOW_MS).decision is Decision.BLOCK
    staff = engine.score(payment(ip_kind="tor", customer_id="staff"), NOW_MS)
    assert (staff.value, staff.band, staff.decision) == (900, Decision.BLOCK, Decision.REVIEW)
    assert [match.reason for match in staff.allowed] == ["ours"]
    hard = engine.score(payment(ip_kind="tor", customer_id="staff", amount_cents=9001), NOW_MS)
    assert hard.decision is Decision.BLOCK
    assert [match.reason for match in hard.hard] == ["much"]


def test_the_lists_work_as_hard_rules_and_allow_rules() -> None:
    until = NOW_MS + DAY
    lists = Lists(
        [
            ListEntry(list="block", kind="ip", value="9.9.9.0/24", reason="r", author="a", expires_at_ms=until),
            ListEntry(list="allow", kind="customer", value="staff", reason="r", author="a", expires_at_ms=until),
        ]
    )
    engine = ScoringEngine(default_rules(), lists)
    blocked = engine.score(payment(ip="9.9.9.9", customer_id="staff"), NOW_MS)
    assert blocked.decision is Decision.BLOCK
    assert [match.reason for match in blocked.hard] == ["block_list_ip"]
    assert engine.score(payment(ip="9.9.9.9"), until).decision is Decision.APPROVE


def test_a_fact_that_no_rule_scores_is_refused() -> None:
    engine = ScoringEngine(default_rules())
    with pytest.raises(NotScored, match=r"payment\.attempted"):
        engine.score(attempt(1, NOW_MS), NOW_MS)


def test_seconds_of_a_clock_that_is_ahead_do_not_move_the_windows(tmp_path: Path) -> None:
    text = HEAD + rule("many", "per: [ip], measure: {count: 'true', window: 1h}, breach: '>= 3'")
    engine = engine_of(tmp_path, text)
    engine.score(payment(1, ip="1.1.1.1"), NOW_MS)
    engine.score(payment(2, NOW_MS + 30 * DAY, ip="1.1.1.1"), NOW_MS)
    assert engine.clamped == 1
    assert engine.score(payment(3, ip="1.1.1.1"), NOW_MS).value == 100


def test_a_fact_older_than_its_window_is_late_and_not_counted(tmp_path: Path) -> None:
    text = HEAD + rule("many", "per: [ip], measure: {count: 'true', window: 1h}, breach: '>= 2'")
    engine = engine_of(tmp_path, text)
    engine.score(payment(1, ip="1.1.1.1"), NOW_MS)
    engine.observe(payment(2, NOW_MS - DAY, ip="1.1.1.1"), NOW_MS)
    assert engine.late == 1
    assert engine.score(payment(3, NOW_MS - 1, ip="1.1.1.1"), NOW_MS).value == 100


def test_an_empty_part_of_a_key_is_no_key(tmp_path: Path) -> None:
    text = HEAD + rule("new", "per: [customer_id, device_id], measure: {count: 'true', window: 1h}, breach: '<= 1'")
    engine = engine_of(tmp_path, text)
    assert engine.score(payment(1, customer_id="c"), NOW_MS).value == 0
    assert engine.score(payment(2, customer_id="c", device_id="d"), NOW_MS).value == 100


texts = st.sampled_from(["", "a", "b"])
requests = st.builds(
    PaymentRequested,
    id=st.just("x"),
    at_ms=st.integers(NOW_MS, NOW_MS + 2 * DAY),
    subject=st.just("p"),
    rail=st.sampled_from(["card", "ach"]),
    amount_cents=st.integers(1, 6_000_000),
    customer_id=texts,
    method_fingerprint=texts,
    bin=texts,
    ip=texts,
    ip_kind=st.sampled_from(["", "tor", "vpn"]),
    device_id=texts,
    headless=st.booleans(),
    email_hash=texts,
    account_created_at_ms=st.sampled_from([0, NOW_MS]),
    latitude_microdegrees=st.integers(-90_000_000, 90_000_000),
    longitude_microdegrees=st.integers(-180_000_000, 180_000_000),
    paid_count=st.integers(0, 20),
    chargeback_count=st.integers(0, 4),
)
outcomes = st.builds(
    PaymentAttempted,
    id=st.just("o"),
    at_ms=st.integers(NOW_MS, NOW_MS + 2 * DAY),
    subject=st.just("p"),
    rail=st.just("card"),
    outcome=st.sampled_from(["declined", "succeeded"]),
    amount_cents=st.integers(1, 100),
    ip=texts,
    bin=texts,
    device_id=texts,
)
payouts = st.integers(0, 3).map(lambda number: payout(number, provider_id="v", device_id="d", instant=True))
streams = st.lists(requests | outcomes | payouts, max_size=40)
DEFAULT_RULES = default_rules()


@settings(max_examples=40, deadline=None)
@given(streams)
def test_the_same_facts_in_the_same_order_give_the_same_scores(facts: list[Fact]) -> None:
    def scores() -> list[object]:
        engine = ScoringEngine(DEFAULT_RULES)
        found: list[object] = []
        for fact in facts:
            if isinstance(fact, PaymentAttempted):
                engine.observe(fact, fact.at_ms)
            else:
                found.append(engine.score(fact, fact.at_ms))
        return found

    assert scores() == scores()


@settings(max_examples=40, deadline=None)
@given(streams, requests)
def test_a_rebuilt_engine_scores_like_the_one_that_never_stopped(
    facts: list[Fact], following: PaymentRequested
) -> None:
    kept, rebuilt = ScoringEngine(DEFAULT_RULES), ScoringEngine(DEFAULT_RULES)
    for fact in facts:
        if isinstance(fact, PaymentAttempted):
            kept.observe(fact, fact.at_ms)
        else:
            kept.score(fact, fact.at_ms)
    assert rebuilt.rebuild((fact, fact.at_ms) for fact in facts) == len(facts)
    assert rebuilt.score(following, following.at_ms) == kept.score(following, following.at_ms)


@pytest.mark.parametrize(
    ("name", "points", "scored", "decision"),
    [
        ("review", 0, 0, Decision.REVIEW),
        ("review", 0, 900, Decision.BLOCK),
        ("stricter", 300, 0, Decision.MONITOR),
        ("stricter", 100, 0, Decision.APPROVE),
        ("stricter", 300, 200, Decision.REVIEW),
        ("stricter", 1000, 200, Decision.BLOCK),
    ],
)
def test_review_and_stricter_entries_raise_the_decision_and_leave_the_score(
    tmp_path: Path, name: ListName, points: int, scored: int, decision: Decision
) -> None:
    text = HEAD + (
        rule("tor", "where: \"ip_kind == 'tor'\"", family="fourth", points=scored)
        if scored
        else rule("never", "where: 'false'")
    )
    engine = engine_of(tmp_path, text)
    until = NOW_MS + DAY
    engine.lists.add(
        ListEntry(list=name, kind="bin", value="411111", reason="r", author="a", expires_at_ms=until, points=points)
    )
    hit = engine.score(payment(1, ip_kind="tor", bin="411111"), NOW_MS)
    other = engine.score(payment(2, ip_kind="tor", bin="422222"), NOW_MS)
    assert (hit.value, hit.decision) == (scored, decision)
    assert (other.value, other.hard) == (scored, ())


def test_a_flood_of_new_addresses_is_bounded_and_hides_no_busy_one(tmp_path: Path) -> None:
    measure = "per: [ip], measure: {count: 'true', window: 1h}, breach: '>= 20', max_keys: 100"
    engine = engine_of(tmp_path, HEAD + rule("many", measure))
    for number in range(5_000):
        busy = number % 50 == 0
        fact = payment(number, NOW_MS + number, ip="9.9.9.9" if busy else f"flood {number}")
        score = engine.score(fact, fact.at_ms)
        if busy and number > 2_000:
            assert score.value == 100
    assert engine.evicted >= 4_700
