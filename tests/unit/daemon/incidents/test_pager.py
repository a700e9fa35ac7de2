"""The pager writes what is due, asks again when others wrote meanwhile, and acts by what is measured now."""

import asyncio

import pytest
from msgspec.structs import replace

from config.escalation.escalation_file import Escalation, EscalationPolicy, Step
from daemon.incidents.pager import Pager
from remediation.decide import decide
from remediation.errors import JournalFull
from remediation.journal.incident_kinds import IncidentAcknowledged
from remediation.journal.kinds import Body
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.remediation.escalation.playing import shipped
from tests.unit.remediation.incidents.telling import breach


def acting() -> Escalation:
    """The packaged matrix, whose second step takes the release back."""
    whole = shipped()
    matrix = whole.policies["matrix"]
    first, second, *rest = matrix.steps
    tries = Step.model_validate(second.model_dump() | {"do": "rollback.traffic", "tell": second.tell})
    policy = EscalationPolicy.model_validate(matrix.model_dump() | {"steps": (first, tries, *rest)})
    return whole.model_copy(update={"policies": {**whole.policies, "matrix": policy}})


async def test_a_finding_wakes_the_pager_and_its_tick_tells_the_first_step() -> None:
    here = await world()
    await here.say(breach())
    assert here.woken
    await here.pager.tick()
    assert await here.kinds() == ["finding", "escalation.started", "escalation.step"]
    await here.pager.tick()
    assert len(await here.kinds()) == 3


async def test_each_step_is_written_when_it_is_due_and_not_before() -> None:
    here = await world()
    await here.say(breach())
    await here.pager.tick()
    here.later(899)
    await here.pager.tick()
    assert (await here.kinds()).count("escalation.step") == 1
    here.later(1)
    await here.pager.tick()
    assert (await here.kinds()).count("escalation.step") == 2


async def test_what_is_due_within_a_second_wakes_the_pager_at_its_moment() -> None:
    here = await world()
    await here.say(breach())
    await here.pager.tick()
    here.later(899.99)
    here.woken.clear()
    woken = asyncio.Event()
    here.pager.wakes(woken.set)
    await here.pager.tick()
    async with asyncio.timeout(5):
        await woken.wait()


async def test_a_journal_that_takes_nothing_is_tried_again_at_the_next_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    here = await world()
    await here.say(breach())

    async def full(_: Body, __: str = "") -> None:
        raise JournalFull

    with monkeypatch.context() as patch:
        patch.setattr(here.scene.writer, "append", full)
        with pytest.raises(JournalFull):
            await here.pager.tick()
    assert await here.kinds() == ["finding"]
    await here.pager.tick()
    assert (await here.kinds())[-1] == "escalation.step"


async def test_without_the_lease_nothing_is_written() -> None:
    here = await world()
    await here.say(breach())
    here.scene.clock.at_ms += 3_600_000
    await here.pager.tick()
    assert await here.kinds() == ["finding"]


async def reached(here: World) -> None:
    """The second step, which acts."""
    await here.say(breach())
    await here.pager.tick()
    here.later(900)


async def test_a_step_that_acts_has_what_is_measured_now_decided_on_once() -> None:
    here = await world(acting())
    await reached(here)
    now = replace(breach(), at_ms=here.scene.clock.at_ms, value=0.4)
    here.breached = [now]
    await here.pager.tick()
    await here.pager.tick()
    assert here.found == [replace(now, do=("rollback.traffic",))]


async def test_a_step_that_acts_does_nothing_when_nothing_is_breached_any_more_or_somebody_is_on_it() -> None:
    here = await world(acting())
    await reached(here)
    await here.pager.tick()
    assert here.found == []
    await here.say(IncidentAcknowledged(incident_id="inc-1"), by="ana")
    here.breached = [breach()]
    await here.pager.tick()
    assert here.found == []


async def test_what_was_decided_on_before_a_restart_is_not_asked_for_again() -> None:
    here = await world(acting())
    await reached(here)
    here.breached = [breach()]
    await here.pager.tick()
    (asked,) = here.found
    await here.say(decide(asked, here.state, here.scene.policy, here.scene.clock.at_ms))
    here.found.clear()
    restarted = Pager(here.scene.writer, here.scene.clock, acting, lambda: here.breached, here.pager._find)
    await restarted.tick()
    assert here.found == []
