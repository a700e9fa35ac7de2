"""Performance holds what real payments and a short run of probes measured against the owner's limits."""

import asyncio

import pytest

from checks.facts import HealthProbed, HealthStatus
from config.load import load_configuration
from daemon.probes.daemon_client import RuleNow, RuleReadingNow, SloNow
from daemon.validation.availability import RULE as AVAILABILITY
from daemon.validation.availability import availability_lines
from daemon.validation.costs import VARIANCE
from daemon.validation.performance import (
    IN_FLIGHT_MAX,
    OBJECTIVES,
    ProbeRun,
    reading_lines,
    run_lines,
    run_probes,
)
from daemon.validation.readings import Objective, held_against
from daemon.validation.security import ALERTS

SUCCESS, ERRORS, RESPONSE = OBJECTIVES


def reading(value: float | None, samples: int = 10_000) -> RuleReadingNow:
    return RuleReadingNow({"region": "us-east-1", "environment": "blue"}, "cleared", value, f"{value}", samples)


def rule(objective: Objective, *readings: RuleReadingNow) -> RuleNow:
    return RuleNow(objective.rule, list(readings))


def test_every_objective_is_read_from_a_packaged_rule() -> None:
    packaged = {rule.id for loaded in load_configuration(None, {}).rule_files for rule in loaded.value.rules}
    assert {objective.rule for objective in (*OBJECTIVES, VARIANCE, ALERTS)} | {AVAILABILITY} <= packaged


@pytest.mark.parametrize(
    ("objective", "value", "outcome"),
    [
        (SUCCESS, 0.995, "passed"),
        (SUCCESS, 0.9949, "failed"),
        (ERRORS, 0.001, "passed"),
        (ERRORS, 0.0011, "failed"),
        (RESPONSE, 1_999.0, "passed"),
        (RESPONSE, 2_000.0, "failed"),
        (VARIANCE, 0.10, "passed"),
        (VARIANCE, 0.11, "failed"),
        (ALERTS, 0.0, "passed"),
        (ALERTS, 1.0, "failed"),
    ],
)
def test_a_reading_is_held_against_the_owners_limit(objective: Objective, value: float, outcome: str) -> None:
    (found,) = held_against(objective, [rule(objective, reading(value))])
    assert (found.name, found.outcome) == (f"{objective.rule} (us-east-1, blue)", outcome)
    assert found.source


def test_too_few_samples_to_tell_are_warned_of_and_beyond_the_limit_they_fail() -> None:
    (few,) = held_against(ERRORS, [rule(ERRORS, reading(0.0, 100))])
    assert (few.outcome, "it takes 2000 to tell" in few.measured) == ("warned", True)
    assert held_against(ERRORS, [rule(ERRORS, reading(0.5, 100))])[0].outcome == "failed"
    assert held_against(ERRORS, [rule(ERRORS, reading(None, 100))])[0].outcome == "warned"


def test_what_nobody_measured_was_not_validated() -> None:
    assert [found.outcome for found in reading_lines([])] == ["failed"] * len(OBJECTIVES)
    assert held_against(SUCCESS, [rule(SUCCESS)])[0].outcome == "failed"
    assert held_against(SUCCESS, [rule(SUCCESS)], needed=False)[0].outcome == "warned"


def fact(
    number: int = 0,
    *,
    latency_ms: float = 80,
    status: HealthStatus = "healthy",
    detail: str = "$1 health payment: authorized and voided in 80 ms",
    version: str = "2.0.0",
) -> HealthProbed:
    return HealthProbed(
        id=f"{number}{detail}",
        at_ms=number,
        subject="aws-payment-processor",
        environment="green",
        version=version,
        status=status,
        check="payment",
        latency_ms=latency_ms,
        detail=detail,
    )


def outcomes(*facts: HealthProbed) -> dict[str, str]:
    """By the first word of the line."""
    return {found.name.split(" (")[0]: found.outcome for found in run_lines(ProbeRun("green", facts))}


GOOD = {"response time": "passed", "success": "passed"}
FAILED = fact(99, status="unhealthy", detail="$1 health payment: it failed: release_fault")
AWAY = fact(98, status="unhealthy", detail="refused", version="")


def test_twenty_good_probes_are_a_good_run() -> None:
    assert outcomes(*(fact(number) for number in range(20))) == GOOD


def test_one_failed_payment_in_twenty_is_too_many_and_it_is_named() -> None:
    facts = [*(fact(number) for number in range(19)), FAILED]
    assert outcomes(*facts) == GOOD | {"success": "failed"}
    (line,) = [found for found in run_lines(ProbeRun("green", tuple(facts))) if found.outcome == "failed"]
    assert "95.00%; $1 health payment: it failed: release_fault" in line.measured


def run(*facts: HealthProbed) -> ProbeRun:
    return ProbeRun("green", facts)


def slo(current: float | None, samples: int = 500, environment: str = "green", rule_id: str = AVAILABILITY) -> SloNow:
    return SloNow(rule_id, {"environment": environment}, current, samples, 2_592_000.0, 0.42)


@pytest.mark.parametrize(
    ("current", "samples", "outcome"),
    [(0.99995, 500, "passed"), (0.9998, 500, "failed"), (0.9998, 3, "failed"), (1.0, 99, "warned")],
)
def test_availability_is_what_the_daemon_measured_and_the_line_says_so(
    current: float, samples: int, outcome: str
) -> None:
    (found,) = availability_lines([run(AWAY)], [slo(0.5, environment="blue"), slo(current, samples)])
    assert (found.name, found.outcome) == ("availability (green)", outcome)
    assert (
        f"{current:.4%} over up to 30 d, as the daemon measured it (availability-budget, 42% of its budget left)"
        in (found.measured)
    )


@pytest.mark.parametrize(
    ("slos", "silent", "why"),
    [
        ([], "no daemon answered: refused", "no daemon answered: refused"),
        ([slo(None)], "", "the daemon's availability-budget has no figure for it"),
        ([slo(1.0, environment="blue"), slo(1.0, rule_id="payment-success-ratio")], "", "has no figure for it"),
    ],
)
def test_availability_of_the_probes_alone_is_said_to_be_so_and_why(slos: list[SloNow], silent: str, why: str) -> None:
    facts = [fact(number) for number in range(19)]
    (good,) = availability_lines([run(*facts)], slos, silent)
    (bad,) = availability_lines([run(*facts, AWAY)], slos, silent)
    assert (good.outcome, bad.outcome) == ("passed", "failed")
    assert bad.measured.startswith("95.00% answered in this run alone: ")
    assert why in good.measured
    assert availability_lines([run()], slos, silent)[0].outcome == "failed"


def test_without_a_daemon_no_rule_was_validated() -> None:
    found = reading_lines([], "no daemon answered: refused")
    assert [(one.name, one.outcome) for one in found] == [(objective.rule, "failed") for objective in OBJECTIVES]
    assert {one.measured for one in found} == {"no daemon answered: refused"}


@pytest.mark.parametrize(("slow", "outcome"), [(1, "passed"), (2, "failed")])
def test_the_response_time_is_the_95th_percentile(slow: int, outcome: str) -> None:
    facts = [fact(number, latency_ms=2_500 if number < slow else 80) for number in range(20)]
    assert outcomes(*facts)["response time"] == outcome


@pytest.mark.parametrize(
    "facts", [(), (FAILED, FAILED), (AWAY,), (fact(detail="$1 health payment: the core is in holding mode"),)]
)
def test_a_run_without_a_payment_that_went_through_fails(facts: tuple[HealthProbed, ...]) -> None:
    assert outcomes(*facts) == {"probe run": "failed"}


class Payer:
    """Counts how many payments are under way at once."""

    def __init__(self) -> None:
        self.numbers: list[tuple[str, int]] = []
        self.at_once = 0
        self.most = 0

    async def probe(self, environment: str, now_ms: int, number: int = 0) -> HealthProbed:
        """See Payer."""
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.numbers.append((environment, number))
        await asyncio.sleep(0)
        self.at_once -= 1
        return fact(now_ms)


async def test_a_run_pays_a_few_at_a_time_and_never_as_the_health_check_does() -> None:
    payer = Payer()
    runs = await run_probes(payer, ("blue", "green"), 10, 5)
    assert [(run.environment, len(run.facts)) for run in runs] == [("blue", 10), ("green", 10)]
    assert payer.most == IN_FLIGHT_MAX
    assert len(set(payer.numbers)) == 20
    assert all(number > 0 for _, number in payer.numbers)
