"""The whole flow: payments that fail kill a flag, and a ramp's evidence takes it further or back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace

from checks.findings import State
from remediation.actions.flags import FlagKill, FlagSetting
from remediation.executor import Executor
from remediation.flags.model import FlagChange
from remediation.flags.telling import goes_back, may_go_on
from remediation.ports import Action
from remediation.state import IncidentState
from tests.unit.daemon.pipeline_world import RULE, Line, deciding, line, payments
from tests.unit.remediation.flags.journal_of_flags import DOCUMENT, changed, ramp_at
from tests.unit.remediation.flags.served_flags import ServedFlags
from tests.unit.remediation.worlds import NOW_MS, scene

KILLS = RULE.replace("[rollback.traffic]", "[flags.kill]\n    flag: payouts")


@asynccontextmanager
async def flags_in(tmp_path: Path) -> AsyncIterator[tuple[Line, ServedFlags]]:
    """A pipeline whose rule kills payouts, and the flags that it changes."""
    here = await scene()
    flags = ServedFlags(here.writer)
    actions: dict[str, Action] = {
        "flags.kill": FlagKill(flags),
        "flags.ramp": FlagSetting(flags, FlagChange.RAMP),
        "flags.revert": FlagSetting(flags, FlagChange.REVERT),
    }
    here.executor = Executor(here.writer, actions, here.clock, here.policy)
    await here.writer.append(DOCUMENT)
    async with line(tmp_path, here, KILLS) as one:
        yield one, flags


async def test_payments_that_fail_kill_the_flag_that_their_rule_names_once(tmp_path: Path) -> None:
    async with flags_in(tmp_path) as (one, flags), deciding(one):
        await one.pipeline.accept(payments(20), "queue")
        await one.until("outcome")
        await one.pipeline.tick()
        await one.decide_all()
        [outcome] = await one.told("outcome")
        assert (outcome["action"], outcome["target"], outcome["status"]) == ("flags.kill", "flag:payouts", "verified")
        assert flags.book.killed == ("payouts",)
        kinds = await one.kinds()
        assert kinds.index("intent") < kinds.index("flag.changed") < kinds.index("outcome")
        assert len(await one.told("flag.changed")) == 1


async def test_a_ramp_goes_further_without_an_incident_and_back_with_one_that_ends_by_itself(tmp_path: Path) -> None:
    async with flags_in(tmp_path) as (one, flags), deciding(one):
        await one.scene.writer.append(changed(FlagChange.RAMP, ramp_at(5), key="k0"))
        step = may_go_on("payouts", 25, why="enough", samples=200, now_ms=NOW_MS)
        await one.pipeline.find(step)
        await one.pipeline.find(step)
        await one.until("outcome")
        ramp = flags.book.of("payouts").ramp
        assert ramp is not None
        assert (ramp.percent, one.scene.writer.state.incidents) == (25, {})
        back = goes_back("payouts", why="error_ratio 5 % above 2 %", samples=50, now_ms=NOW_MS)
        await one.pipeline.find(back)
        await one.until("outcome", 2)
        assert flags.book.of("payouts").setting is None
        [incident] = one.scene.writer.state.incidents.values()
        assert (incident.rule_id, incident.state) == ("flag-condition", IncidentState.OPEN)
        await one.pipeline.find(replace(back, state=State.CLEARED))
        await one.decide_all()
        [incident] = one.scene.writer.state.incidents.values()
        assert incident.state is IncidentState.RESOLVED
