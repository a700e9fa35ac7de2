"""A recorded score is reached again, and other rules can be tried on it."""

from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.scoring.engine import ScoringEngine
from checks.scoring.model import Decision, Score
from checks.scoring.replay import replay
from tests.unit.checks.scoring.fraud_facts import (
    HEAD,
    NOW_MS,
    SECOND,
    attempt,
    default_rules,
    engine_of,
    payment,
    payout,
    rule,
    rules_of,
)

RULES = default_rules()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from(["", "tor"])), min_size=1, max_size=25))
def test_a_stored_score_replays_to_itself(stream: list[tuple[int, bool, str]]) -> None:
    engine = ScoringEngine(RULES)
    for number, (who, declined, kind) in enumerate(stream):
        at_ms = NOW_MS + number * SECOND
        fact = payment(number, at_ms, ip=f"9.9.9.{who}", customer_id=f"c{who}", method_fingerprint="f", ip_kind=kind)
        stored = msgspec.json.decode(msgspec.json.encode(engine.score(fact, at_ms)), type=Score)
        assert replay(stored, RULES) == stored
        engine.observe(attempt(number, at_ms, "declined" if declined else "succeeded", ip=f"9.9.9.{who}"), at_ms)
    asked = engine.score(payout(1, instant=True, bank_account_changed_at_ms=NOW_MS - 1), NOW_MS)
    assert replay(asked, RULES) == asked


def test_other_limits_points_modes_and_bands_are_tried_on_recorded_readings(tmp_path: Path) -> None:
    many = "per: [ip], measure: {count: 'true', window: 1h}, breach: "
    engine = engine_of(tmp_path, HEAD + rule("many", f"{many}'> 9'") + rule("all", points=150))
    for number in range(4):
        engine.score(payment(number, ip="1.1.1.1"), NOW_MS)
    score = engine.score(payment(5, ip="1.1.1.1"), NOW_MS)
    assert score.value == 150
    tried = rules_of(
        tmp_path,
        "bands: {review: 300, monitor: 100}\n"
        + HEAD
        + rule("many", f"{many}'>= 5'", points=300, family="second")
        + rule("all", "mode: shadow", points=150)
        + rule("unknown-to-the-record"),
    )
    again = replay(score, tried)
    assert (again.value, again.decision) == (300, Decision.REVIEW)
    assert [match.rule for match in again.reasons] == ["many"]
    assert [match.rule for match in again.shadow] == ["all"]
    assert again.readings == (5, True, None)
    assert again.version == tried.version != score.version


def test_a_replayed_hard_rule_still_blocks() -> None:
    score = ScoringEngine(RULES).score(payment(amount_cents=5_000_001), NOW_MS)
    assert score.decision is Decision.BLOCK
    assert replay(score, RULES).decision is Decision.BLOCK
