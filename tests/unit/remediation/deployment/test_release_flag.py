"""The step that prepares a release's own flag: off before anybody gets the release, and only where there is one."""

import json

from msgspec.structs import replace

from config.delivery.deployment import Deployments
from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Plan, Request, Step, Strategy
from remediation.deployment.ports import StepContext
from remediation.deployment.works.release_flag import ReleaseFlag
from remediation.flags.model import FlagChange, Setting
from remediation.journal.flag_kinds import FlagDocument
from tests.unit.remediation.flags.journal_of_flags import ON, ON_OFF, changed
from tests.unit.remediation.flags.served_flags import FlagScene, flag_scene

FLAG = "release-2.0.0"
RELEASED = {**ON_OFF, "metadata": {"safe_default": "off"}}
DOCUMENT = FlagDocument(digest="r", document=json.dumps({"flags": {FLAG: RELEASED}}))
KEY = "k" * 32


def context(version: str = "2.0.0") -> StepContext:
    request = Request(
        deployment_id="dep-1",
        version=version,
        strategy=Strategy.BLUE_GREEN,
        regions=("us-east-1",),
        requested_by="ada",
    )
    step = Step(
        id="us-east-1/infrastructure_initialization/prepare.flags",
        phase="infrastructure_initialization",
        kind="prepare.flags",
        region="us-east-1",
        within_seconds=60.0,
        target=f"flag:{FLAG}",
    )
    return StepContext(plan=Plan(request=request, standing=(), steps=(step,)), step=step, began_at_ms=0)


async def prepared() -> tuple[FlagScene, ReleaseFlag]:
    one = await flag_scene()
    await one.say(DOCUMENT)
    return one, ReleaseFlag(one.flags)


async def test_the_releases_flag_is_off_for_everybody_before_the_release_has_any_traffic() -> None:
    one, work = await prepared()
    assert not (await work.probe(context())).in_effect
    assert (await work.perform(context(), KEY)).finding is StepFinding.WAITING
    again = await work.perform(context(), KEY)
    assert again.finding is StepFinding.PASSED
    [asked] = one.flags.asked
    assert (asked.flag, asked.what, asked.setting and asked.setting.variant) == (FLAG, FlagChange.SET, "off")
    assert "dep-1" in asked.reason


async def test_a_release_without_a_flag_prepares_none_and_says_so() -> None:
    one, work = await prepared()
    look = await work.probe(context("3.0.0"))
    assert look.in_effect
    assert "no flag release-3.0.0" in look.detail
    assert one.flags.asked == []


async def test_a_killed_flag_stays_killed() -> None:
    one, work = await prepared()
    await one.say(changed(FlagChange.KILL, flag=FLAG))
    look = await work.probe(context())
    assert look.in_effect
    assert "until a person revives it" in look.detail


async def test_the_step_waits_for_a_process_that_lags() -> None:
    one, work = await prepared()
    one.flags.lagging = ("core-9 (1)",)
    await work.perform(context(), KEY)
    report = await work.perform(context(), KEY)
    assert report.finding is StepFinding.WAITING
    assert len(one.flags.asked) == 1
    one.flags.lagging = ()
    assert (await work.perform(context(), KEY)).finding is StepFinding.PASSED


async def test_what_was_prepared_sooner_is_not_done_again() -> None:
    one, work = await prepared()
    await work.perform(context(), KEY)
    later = replace(context(), attempts=1)
    assert (await work.perform(later, "x" * 32)).finding is StepFinding.PASSED
    assert len(one.flags.asked) == 1


async def test_what_people_set_since_stays_when_a_later_region_is_prepared() -> None:
    one, work = await prepared()
    await work.perform(context(), KEY)
    await one.say(changed(FlagChange.SET, ON, flag=FLAG, key="by hand"))
    look = await work.probe(context())
    assert look.in_effect
    assert "changed since it was prepared" in look.detail
    assert one.flags.book.of(FLAG).setting == ON


async def test_what_people_set_before_the_deployment_is_replaced() -> None:
    one, work = await prepared()
    await one.say(changed(FlagChange.SET, ON, flag=FLAG, key="by hand"))
    await work.perform(context(), KEY)
    assert one.flags.book.of(FLAG).setting == Setting(variant="off")


def test_flags_are_prepared_unless_the_operator_leaves_them_out() -> None:
    assert "flags" in Deployments().phases.infrastructure_initialization.checks
