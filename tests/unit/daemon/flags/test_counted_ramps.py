"""From payments in the log to what a ramp asks for: counted, compared, found, taken back, and not a second time."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from checks.facts import PaymentAttempted
from checks.findings import State
from config.delivery.deployment import Deployments, Evidence
from config.flags import FlagPolicy, Flags, RampStep
from config.policy import Policy
from daemon.flags.tally import FILE, ExperimentTally
from remediation.actions.flags import FlagSetting
from remediation.decide import decide
from remediation.decisions import OutcomeStatus
from remediation.executor import Executor
from remediation.flags.model import FlagChange
from remediation.flags.ramp_gates import RampPolicy
from remediation.flags.ramping import Hold
from remediation.flags.telling import CONDITION_RULE, RAMP_RULE
from remediation.journal.flag_kinds import FlagChanged
from tests.unit.daemon.flags.flag_house import FlagHouse, flag_house
from tests.unit.daemon.flags.test_tally import Log
from tests.unit.remediation.flags.exposed import Behaviour, drawn

POLICY = FlagPolicy(ramp=(RampStep(percent=50, samples=50, hold=0.0), RampStep(percent=100, samples=50, hold=0.0)))
GRAVE = Deployments(evidence=Evidence(faulty="40%"))
"""A fault that few payments show."""
BETWEEN_MS = 20
"""Payments are so many that the lease of the house outlasts them."""


class Counted:
    """A house whose ramp of payouts, from on to off, goes by a log of payments."""

    def __init__(self, house: FlagHouse, log: Log, tally: ExperimentTally) -> None:
        self.house, self.log, self.tally = house, log, tally

    async def pay(self, payments: int, failed: float) -> None:
        """Customers who are drawn half and half pay, from now on; those who got off fail as often as said."""
        behaviours = {"off": Behaviour(failed=failed), "on": Behaviour(failed=0.0)}
        began_ms = self.house.clock.at_ms
        facts: list[PaymentAttempted] = []
        for number, (variant, attempt) in enumerate(drawn({"off": 0.5, "on": 0.5}, behaviours, payments)):
            at_ms = began_ms + number * BETWEEN_MS
            facts.append(replace(attempt, at_ms=at_ms, exposures=(f"payouts={variant}",)))
        for start in range(0, payments, 50):
            self.log.add(facts[start : start + 50])
        # What was paid last is weighed when the next batch arrives, and somebody always pays.
        self.house.clock.at_ms = facts[-1].at_ms + 10_000
        self.log.add([replace(facts[-1], id="later", at_ms=self.house.clock.at_ms, exposures=())])
        await self.house.parts.ramps.tick()


@pytest.fixture
async def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    house, log = await flag_house(Flags(defaults=POLICY)), Log()
    policy = RampPolicy.of(POLICY, GRAVE)
    monkeypatch.setattr(RampPolicy, "of", lambda *_: policy)
    tally = await ExperimentTally.open(
        tmp_path / FILE, log, lambda: house.writer.state.flags, lambda _: policy, house.clock
    )
    monkeypatch.setattr(house.tally, "ramp", tally.ramp)
    await house.done(FlagChange.RAMP, variant="off")
    await house.parts.ramps.tick()
    return Counted(house, log, tally)


async def test_a_sound_variant_goes_on_when_enough_customers_have_paid(counted: Counted) -> None:
    await counted.pay(1_200, failed=0.0)
    [finding] = counted.house.found
    assert (finding.rule_id, finding.key["percent"]) == (RAMP_RULE, "100")
    await counted.tally.close()


async def test_a_bad_variant_is_taken_back_once_and_a_ramp_that_is_over_asks_for_nothing_more(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = counted.house
    change = house.parts.changes.change

    async def changed_and_served(body: FlagChanged) -> None:
        """A process serves each change at once."""
        await change(body)
        house.reports("core-1")

    monkeypatch.setattr(house.parts.changes, "change", changed_and_served)
    executor = Executor(
        house.writer, {"flags.revert": FlagSetting(house.parts.changes, FlagChange.REVERT)}, house.clock, Policy()
    )
    await counted.pay(600, failed=0.4)
    [finding] = house.found
    assert (finding.rule_id, finding.do) == (CONDITION_RULE, ("flags.revert",))
    assert "off" in finding.breach
    await house.writer.append(finding)
    outcome = await executor.carry_out(decide(finding, house.writer.state, Policy(), house.now_ms))
    assert outcome is not None
    assert outcome.status is OutcomeStatus.VERIFIED
    assert house.served()["defaultVariant"] == "on"
    assert "targeting" not in house.served()
    again = decide(finding, house.writer.state, Policy(), house.now_ms)
    assert not again.act
    await counted.pay(600, failed=0.4)
    assert [one.state for one in house.found] == [State.BREACHED, State.CLEARED]
    assert house.parts.ramps.moves == {}
    assert len(await house.entries("flag.changed")) == 2
    await counted.tally.close()


async def test_while_the_log_cannot_be_read_the_ramp_waits_and_then_somebody_is_needed(counted: Counted) -> None:
    counted.log.add([next(attempt for _, attempt in drawn({"on": 1.0}, {"on": Behaviour()}, 1))])
    counted.log.fails = True
    await counted.house.parts.ramps.tick()
    assert counted.house.parts.ramps.held == {}
    counted.house.clock.at_ms += 60_000
    await counted.house.parts.ramps.tick()
    assert isinstance(counted.house.parts.ramps.moves["payouts"], Hold)
    assert "payouts" in counted.house.parts.ramps.held
    assert counted.house.found == []
    await counted.tally.close()
