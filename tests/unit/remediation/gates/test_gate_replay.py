"""A past rollout under other gates: what would have been breached first, and when."""

from collections.abc import Sequence

from msgspec.structs import replace

from checks.facts import Fact
from config.delivery.deployment import Evidence
from config.delivery.gates import Comparison, CostGate, Gates
from remediation.deployment.gates.replay import Breach, first_breach
from tests.unit.remediation.gates.scenes import NOW_MS, attempt, capture, plan, step

PLAN = plan(*(step(percent) for percent in (5, 25, 50)))


def second(number: int, *, failed: bool = False, microcents: int = 20_000_000) -> tuple[int, Sequence[Fact]]:
    """Five payments of the new version and twenty of the old one."""
    at_ms = NOW_MS + number * 1_000
    facts: list[Fact] = []
    for place in range(25):
        new = place < 5
        name = number * 100 + place
        facts.append(attempt(name, new=new, at_ms=at_ms, outcome="failed" if new and failed else "succeeded"))
        facts.append(capture(name, new=new, at_ms=at_ms, cost_microcents=microcents if new else 20_000_000))
    return at_ms + 100, facts


def replayed(arrivals: Sequence[tuple[int, Sequence[Fact]]], gates: Gates) -> Breach | None:
    return first_breach(arrivals, PLAN, step(5), gates, Evidence(), NOW_MS)


def test_a_variance_that_passed_would_have_been_breached_by_a_stricter_limit_at_the_first_look_it_had() -> None:
    rollout = [second(number, microcents=21_400_000) for number in range(100)]
    assert replayed(rollout, Gates()) is None
    stricter = replayed(rollout, Gates(cost=CostGate(variance="5%", samples=300)))
    assert stricter is not None
    assert stricter.reading.gate == "cost-per-100"
    # Three hundred captures at five a second.
    assert stricter.at_ms == NOW_MS + 59_100


def test_the_gate_that_rolled_back_does_so_again_and_not_when_it_only_watches() -> None:
    rollout = [second(number, failed=number >= 20) for number in range(60)]
    found = replayed(rollout, Gates(comparisons=(Comparison(id="failures", bad="outcome == 'failed'"),)))
    assert found is not None
    assert found.reading.gate == "failures"
    assert NOW_MS + 20_000 < found.at_ms < NOW_MS + 35_000
    watched = Gates(comparisons=(Comparison(id="failures", bad="outcome == 'failed'"),), shadow=("failures",))
    assert replayed(rollout, watched) is None


def test_a_region_that_was_not_in_the_plan_says_nothing() -> None:
    elsewhere = replace(step(5), region="eu-west-1")
    twice = [(NOW_MS, [capture(1, new=False), replace(capture(2, new=True), request_digest="digest-1")])]
    assert first_breach(twice, PLAN, elsewhere, Gates(), Evidence(), NOW_MS) is None
    here = first_breach(twice, PLAN, step(5), Gates(), Evidence(), NOW_MS)
    assert here is not None
    assert here.reading.gate == "double-charge"
