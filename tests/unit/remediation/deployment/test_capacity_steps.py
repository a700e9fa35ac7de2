"""A release gets its share of the traffic once it has the instances that the share needs, also if the old one grew."""

import pytest
from msgspec.structs import replace

from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.ports import EnvironmentState, StepContext
from remediation.deployment.works.capacity import CapacityStands, WithCapacity
from remediation.ports import Look
from remediation.state import ActionState, State, TargetState
from tests.unit.remediation.deployment.ground import REGION, Ground
from tests.unit.remediation.deployment.test_works import context, ground
from tests.unit.remediation.test_scale_actions import ACTION
from tests.unit.remediation.worlds import NOW_MS

PASSED, WAITING = StepFinding.PASSED, StepFinding.WAITING


class Shifted:
    """A shift that is done at once, and counts."""

    def __init__(self) -> None:
        self.times = 0

    async def probe(self, context: StepContext) -> Look:
        del context
        return Look(in_effect=False, detail="")

    async def perform(self, context: StepContext, key: str) -> StepReport:
        del context, key
        self.times += 1
        return StepReport(finding=PASSED, detail="shifted")


def environment(desired: int, healthy: int) -> EnvironmentState:
    return EnvironmentState(
        version="1.0.0", desired=desired, running=healthy, healthy=healthy, settled=desired == healthy
    )


def unsettled(*environments: str) -> Ground:
    """What is shown of these stays as it is set."""
    there = ground()
    for name in environments:
        there.settles_at_ms[REGION, name] = NOW_MS + 3_600_000
    return there


async def test_a_share_waits_for_the_instances_that_carry_it_and_asks_for_them() -> None:
    there, shift = unsettled("blue", "green"), Shifted()
    there.states[REGION, "blue"], there.states[REGION, "green"] = environment(8, 8), environment(1, 1)
    work = WithCapacity(shift, there)
    asked = context("/shift-50")
    report = await work.perform(asked, "key")
    assert report.finding is WAITING
    assert "50 % of what 8 instances carry needs 4 of green" in report.detail
    assert there.changes == [("resize", f"{REGION}/green", "4")]
    there.states[REGION, "green"] = environment(4, 3)
    assert (await work.perform(asked, "key")).finding is WAITING
    assert len(there.changes) == 1
    assert shift.times == 0
    there.states[REGION, "green"] = environment(4, 4)
    assert (await work.perform(asked, "key")).finding is PASSED
    assert shift.times == 1


@pytest.mark.parametrize(("healthy", "name"), [(4, "/shift-100"), (5, "/shift-50")])
async def test_whoever_has_enough_waits_for_nothing(healthy: int, name: str) -> None:
    there, shift = ground(), Shifted()
    there.states[REGION, "blue"], there.states[REGION, "green"] = environment(4, 4), environment(healthy, healthy)
    assert (await WithCapacity(shift, there).perform(context(name), "key")).finding is PASSED
    assert there.changes == []


async def test_before_a_release_nothing_is_being_scaled_and_the_old_one_lacks_nothing() -> None:
    there, state = unsettled("blue"), State()
    work = CapacityStands(there, lambda: state)
    asked = context("/prepare.scaling")
    there.states[REGION, "blue"] = environment(6, 5)
    assert "blue is short itself" in (await work.perform(asked, "key")).detail
    there.states[REGION, "blue"] = environment(6, 6)
    report = await work.perform(asked, "key")
    assert report.finding is PASSED
    assert report.detail == "green has to carry what 6 instances carry now, where 4 were planned; it is given as many"
    busy = {f"scale:{REGION}/core": TargetState(running="dec-1")}
    state = replace(state, targets=busy, actions={"dec-1": ActionState(**ACTION)})
    report = await work.perform(asked, "key")
    assert (report.finding, report.detail.startswith("dec-1 is still scaling")) == (WAITING, True)


async def test_an_environment_that_is_not_there_is_no_capacity() -> None:
    there = ground()
    del there.states[REGION, "blue"]
    assert (await CapacityStands(there, State).perform(context("/prepare.scaling"), "key")).finding is WAITING
