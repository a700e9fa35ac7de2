"""What a rollback by hand does to flags: the release's own is killed, or in an emergency those that are named."""

import json

from remediation.flags.model import FlagChange
from remediation.journal.flag_kinds import FlagChanged, FlagDocument
from remediation.rollback.model import RollbackKind, RollbackRun, RollbackStep, StepStatus
from tests.unit.daemon.flags.flag_house import ON_OFF, report
from tests.unit.daemon.rollbacks.house import House

FLAG = {**ON_OFF, "metadata": {"safe_default": "off"}}


async def with_flags(house: House, *names: str) -> None:
    """The document has these flags."""
    text = json.dumps({"flags": dict.fromkeys(names, FLAG)})
    await house.writer.append(FlagDocument(digest="d", document=text))


async def emergency(house: House) -> RollbackRun:
    run = await house.ask(RollbackKind.EMERGENCY)
    assert isinstance(run, RollbackRun)
    return run


async def test_an_emergency_kills_the_releases_flag_in_the_name_of_who_asked_before_anything_else(
    house: House,
) -> None:
    await with_flags(house, "release-2.0.0", "payouts")
    run = await emergency(house)
    assert next(iter(run.steps)) is RollbackStep.FLAGS
    assert run.steps[RollbackStep.FLAGS].status is StepStatus.DONE
    book = house.writer.state.flags
    assert book.killed == ("release-2.0.0",)
    killed = book.of("release-2.0.0").killed
    assert killed is not None
    assert (killed.by, "payments are slow" in killed.reason) == ("ann", True)


async def test_an_emergency_waits_for_no_process_that_does_not_follow(house: House) -> None:
    await with_flags(house, "release-2.0.0")
    house.followers.heard(report("core-1", 0), house.clock.now_ms())
    run = await emergency(house)
    assert run.steps[RollbackStep.FLAGS].status is StepStatus.DONE
    assert "core-1 (0) serve an older one" in run.steps[RollbackStep.FLAGS].detail


async def test_without_a_flag_of_the_release_those_that_are_named_for_an_emergency_are_killed(house: House) -> None:
    await with_flags(house, "payouts", "search")
    await emergency(house)
    assert house.writer.state.flags.killed == ("payouts",)


async def test_where_there_is_neither_the_step_says_so(house: House) -> None:
    await with_flags(house, "search")
    run = await emergency(house)
    told = run.steps[RollbackStep.FLAGS]
    assert told.status is StepStatus.NOTHING
    assert "no flag release-2.0.0" in told.detail
    assert "names none for an emergency" in told.detail


async def test_a_flag_that_is_killed_already_is_not_killed_again(house: House) -> None:
    await with_flags(house, "release-2.0.0")
    await house.writer.append(FlagChanged(flag="release-2.0.0", what=FlagChange.KILL, reason="sooner", key="k"), "bob")
    run = await emergency(house)
    assert run.steps[RollbackStep.FLAGS].status is StepStatus.DONE
    assert [one.by for one in house.writer.state.flags.of("release-2.0.0").history] == ["bob"]


async def test_any_other_rollback_waits_until_every_process_that_lives_follows(house: House) -> None:
    await with_flags(house, "release-2.0.0", "payouts")
    await emergency(house)
    house.followers.heard(report("core-1", 0), house.clock.now_ms())
    run = RollbackRun(
        id="rb-1", kind=RollbackKind.COMPLETE, deployment_id="dep-1", asked_by="ann", reason="slow", asked_at_ms=1
    )
    assert (await house.works.flags(run)).status is StepStatus.WAITING
    house.followers.heard(report("core-1", house.writer.state.flags.version), house.clock.now_ms())
    assert (await house.works.flags(run)).status is StepStatus.DONE
    assert house.writer.state.flags.killed == ("release-2.0.0",)
