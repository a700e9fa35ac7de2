"""A validation holds when it has lines and none of them failed."""

import pytest

from checks.facts import HealthStatus
from checks.health import ComponentHealth
from daemon.validation.health import health_lines
from daemon.validation.lines import Line, Outcome, line, verdict


@pytest.mark.parametrize(
    ("outcomes", "valid"),
    [((), False), (("passed",), True), (("passed", "warned"), True), (("passed", "failed"), False)],
)
def test_one_failed_line_or_none_at_all_is_not_valid(outcomes: tuple[Outcome, ...], *, valid: bool) -> None:
    found = verdict("health", [Line(name="x", outcome=outcome, measured="y") for outcome in outcomes])
    assert (found.valid, len(found.lines)) == (valid, len(outcomes))


def test_a_line_holds_or_does_not() -> None:
    assert line("x", good=True, measured="1").outcome == "passed"
    assert line("x", good=False, measured="2").outcome == "failed"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("healthy", "passed"), ("degraded", "warned"), ("unhealthy", "failed"), ("unknown", "failed")],
)
def test_a_component_that_nobody_could_look_at_fails(status: HealthStatus, outcome: str) -> None:
    (found,) = health_lines([ComponentHealth("database", "blue", status, "detail", 0.0, 1.0)])
    assert (found.name, found.outcome, found.measured) == ("database (blue)", outcome, f"{status}: detail")
