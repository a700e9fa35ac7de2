"""A self-check that fails or hangs is never healthy, and never takes the process with it."""

import asyncio

import pytest

from payment_core.health.checking import FINDINGS_MAX, Check, Checked, SelfChecks
from payment_core.operations.call import Call
from tests.unit.payment_core.http.api_world import ORIGIN, HandClock

CALL = Call(actor="key:daemon", instance="/v1/health/escrow-manager")


async def fine(_call: Call) -> Checked:
    return Checked(status="healthy", detail="all is well")


async def many(_call: Call) -> Checked:
    return Checked(status="degraded", detail="much", findings=tuple(f"finding {number}" for number in range(99)))


async def hangs(_call: Call) -> Checked:
    await asyncio.Event().wait()
    raise AssertionError


async def throws(_call: Call) -> Checked:
    raise ZeroDivisionError("4242424242424242")


@pytest.mark.parametrize(
    ("check", "status", "detail"),
    [
        (fine, "healthy", "all is well"),
        (hangs, "unknown", "the check did not end in 0.01 s"),
        (throws, "unhealthy", "the check failed: ZeroDivisionError"),
    ],
)
async def test_whatever_a_check_does_there_is_an_answer(check: Check, status: str, detail: str) -> None:
    checks = SelfChecks({"escrow-manager": check}, ORIGIN, HandClock(), deadline_seconds=0.01)
    view = await checks.check("escrow-manager", CALL)
    assert (view.component, view.status, view.detail) == ("escrow-manager", status, detail)
    assert (view.environment, view.version) == ("blue", "1.0.0")


async def test_findings_are_bounded() -> None:
    view = await SelfChecks({"x": many}, ORIGIN, HandClock()).check("x", CALL)
    assert len(view.findings) == FINDINGS_MAX
