"""What gates know beyond one step: charges since the first payment, looks that were cut, what was red before."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from checks.facts import Fact, Reconciled, TokensOpened
from daemon.deployments.gate_readings import GateReadings, _Watched
from daemon.storage.checkpoint import StoredBatch
from remediation.deployment.findings import GateReading, GateState, StepFinding
from remediation.deployment.ports import StepContext
from remediation.deployment.run import DeploymentRun, EndedStep
from tests.unit.daemon.deployments.gate_line import SMALL, WATCHED, found, line, named, run_of
from tests.unit.remediation.gates.scenes import NOW_MS, capture, context, step


async def test_a_look_that_brought_nothing_is_no_data_of_the_gates_that_it_feeds_and_hides_no_breach(
    tmp_path: Path,
) -> None:
    class Blind:
        async def look(self, context: StepContext) -> Mapping[type[Fact], str]:
            """See Looking."""
            del context
            return {Reconciled: "cut after 3 s", TokensOpened: "green is away"}

    async with line(tmp_path) as stage:
        gates = GateReadings(stage, stage.checkpoint, lambda: SMALL, stage.clock, run_of, (Blind(),))
        for _ in range(40):
            await stage.second()
        readings = named(await gates.read(WATCHED))
        assert (readings["rail-mismatch"].state, readings["rail-mismatch"].shown) == (
            GateState.NO_DATA,
            "cut after 3 s",
        )
        assert readings["token-unreadable"].state is GateState.NO_DATA
        assert readings["payment-failure-rate"].state is GateState.PASSED
        assert await found(gates) is StepFinding.WAITING
        told = Reconciled(
            id="r", at_ms=stage.clock.at_ms, subject="green", environment="green", examined=100, mismatched=1
        )
        await stage.hear([told])
        assert named(await gates.read(WATCHED))["rail-mismatch"].state is GateState.BREACHED


@pytest.mark.parametrize("anew", [False, True])
async def test_a_double_charge_is_counted_from_the_first_payment_of_the_release_on(tmp_path: Path, anew: bool) -> None:
    async with line(tmp_path) as stage:

        def exposed(name: str) -> DeploymentRun:
            return run_of(name, exposed_ms={"us-east-1": NOW_MS})

        gates = GateReadings(stage, stage.checkpoint, lambda: SMALL, stage.clock, exposed)
        await stage.second()
        await stage.hear([capture(9_001, new=True, at_ms=stage.clock.at_ms, request_digest="same")])
        if not anew:
            await gates.read(WATCHED)
        for _ in range(30):
            await stage.second()
        later = context(step(25), began_at_ms=stage.clock.at_ms)
        charged = named(await gates.read(later))["double-charge"]
        assert (charged.state, charged.samples) == (GateState.PASSED, 63)
        await stage.second()
        await stage.hear([capture(9_002, new=True, at_ms=stage.clock.at_ms, request_digest="same")])
        assert named(await gates.read(later))["double-charge"].state is GateState.BREACHED


async def test_a_reader_that_gave_up_waiting_leaves_no_payment_counted_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting, go_on, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()
    count = _Watched.count

    def slow(watched: _Watched, page: Sequence[StoredBatch]) -> None:
        loop.call_soon_threadsafe(counting.set)
        go_on.wait()
        count(watched, page)

    monkeypatch.setattr(_Watched, "count", slow)
    async with line(tmp_path) as stage:
        gates = stage.gates()
        for _ in range(5):
            await stage.second()
        async with asyncio.TaskGroup() as tasks:
            impatient = tasks.create_task(gates.read(WATCHED))
            await counting.wait()
            impatient.cancel()
        loop.call_soon(go_on.set)
        assert named(await gates.read(WATCHED))["evidence"].samples == 10


async def test_what_was_red_before_a_differential_deployment_counts_for_neither_version(tmp_path: Path) -> None:
    declared = context(step(5), differential=True)
    start = context(step(phase="pre_deployment_validation"))
    red = GateReading(
        gate="payment-failure-rate", state=GateState.BREACHED, shown="9 %", limit="", samples=1, red_at_start=True
    )
    check = EndedStep(
        step_id=start.step.id,
        finding=StepFinding.PASSED,
        detail="",
        begun_at_ms=NOW_MS,
        ended_at_ms=NOW_MS,
        readings=(red,),
    )

    def borne(name: str) -> DeploymentRun:
        plan = replace(declared.plan, steps=(start.step, *declared.plan.steps))
        return run_of(name, plan=plan, ended=(check,))

    async with line(tmp_path) as stage:
        gates = GateReadings(stage, stage.checkpoint, lambda: SMALL, stage.clock, borne)
        for _ in range(30):
            await stage.second(new_failed=True)
        readings = named(await gates.read(declared))
        assert (readings["payment-failure-rate"].state, readings["payment-failure-rate"].shadow) == (
            GateState.BREACHED,
            True,
        )
        assert not readings["failures-against-baseline"].shadow
        assert readings["failures-against-baseline"].state is GateState.BREACHED
