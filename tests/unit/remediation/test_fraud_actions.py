"""Blocks, reviews, stricter thresholds and the kill switch: from the finding to the core and back."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.findings import Finding
from config.policy import FraudPolicy, Policy
from config.rules.actions import ACTION_NAMES
from remediation.actions.fraud_list import FraudListAction
from remediation.actions.kill_switch import KillSwitch
from remediation.aiming.capacity import SCALE_IN, SCALE_SET
from remediation.aiming.flag import FLAGS_RAMP
from remediation.aiming.release import Miss
from remediation.aiming.spill import SPILL_REGION
from remediation.aiming.subjects import LIST_ACTIONS, subject_of
from remediation.decide import ACTIONS, decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.executor import Executor
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.ports import Action
from remediation.state import State
from tests.unit.remediation.fraud_world import FakeCore
from tests.unit.remediation.worlds import LEASE_MS, NOW_MS, DyingJournal, FakeClock, Stopped, finding

POLICY = Policy(fraud=FraudPolicy(kill_switch=True))
DAY_MS = 86_400_000


def breach(action: str, **key: str) -> Finding:
    return finding(rule_id="r", do=(action,), key=key, family="fraud")


@dataclass
class Scene:
    """A leader over a journal and a core."""

    core: FakeCore
    clock: FakeClock
    writer: JournalWriter
    executor: Executor

    async def act(self, one: Finding) -> OutcomeStatus | Reason:
        await self.writer.append(one)
        decision = decide(one, self.writer.state, POLICY, self.clock.now_ms())
        outcome = await self.executor.carry_out(decision)
        return decision.reason if outcome is None else outcome.status


async def scene(core: FakeCore | None = None, journal: MemoryJournal | None = None) -> Scene:
    core = FakeCore() if core is None else core
    journal = MemoryJournal() if journal is None else journal
    clock = FakeClock()
    lease = await journal.acquire_lease("here", LEASE_MS, clock.now_ms())
    writer = await JournalWriter.open(journal, lease, clock)
    lists = FraudListAction(core)
    actions: dict[str, Action] = {**dict.fromkeys(LIST_ACTIONS, lists), "kill.switch": KillSwitch(core)}
    return Scene(core, clock, writer, Executor(writer, actions, clock, POLICY))


@pytest.mark.parametrize(
    ("action", "key", "target"),
    [
        ("block.fingerprint", {"method_fingerprint": "fp_1"}, "fraud:block:card:fp_1"),
        ("block.fingerprint", {"method_fingerprint": "fp_1", "rail": "ach"}, "fraud:block:bank_account:fp_1"),
        ("block.fingerprint", {"device_id": "d"}, "fraud:block:device:d"),
        ("require.review", {"customer_id": "c", "bin": "411111"}, "fraud:review:customer:c"),
        ("require.review", {"provider_id": "p"}, "fraud:review:provider:p"),
        ("raise.threshold", {"bin": "411111"}, "fraud:stricter:bin:411111"),
        ("raise.threshold", {"region": "eu", "rail": "card"}, "fraud:stricter:rail:card"),
        ("raise.threshold", {"ip": "", "rail": "card"}, "fraud:stricter:rail:card"),
    ],
)
def test_the_narrowest_subject_of_the_key_is_meant(action: str, key: dict[str, str], target: str) -> None:
    subject = subject_of(action, breach(action, **key), POLICY.fraud)
    assert not isinstance(subject, Miss)
    assert subject.target == target


@pytest.mark.parametrize(
    ("action", "key"),
    [
        ("block.fingerprint", {"customer_id": "c"}),
        ("block.fingerprint", {"ip": "203.0.113.7"}),
        ("block.fingerprint", {"method_fingerprint": ""}),
        ("require.review", {"rail": "card"}),
        ("raise.threshold", {"region": "eu"}),
    ],
)
def test_what_is_wider_than_the_action_may_reach_is_no_subject(action: str, key: dict[str, str]) -> None:
    assert isinstance(subject_of(action, breach(action, **key), POLICY.fraud), Miss)


@given(st.sampled_from(sorted(LIST_ACTIONS)), st.dictionaries(st.sampled_from(["ip", "bin", "rail", "x"]), st.text()))
def test_a_decision_to_list_names_its_subject_and_its_end(action: str, key: dict[str, str]) -> None:
    decision = decide(breach(action, **key), State(), POLICY, NOW_MS)
    assert decision == decide(breach(action, **key), State(), POLICY, NOW_MS)
    if decision.act:
        assert decision.target.startswith("fraud:")
        assert NOW_MS < int(decision.arguments["expires_at_ms"]) <= NOW_MS + DAY_MS
        assert 0 < len(decision.arguments["reason"]) <= 200
    else:
        assert decision.reason is Reason.NO_SUBJECT


async def test_a_tested_card_is_blocked_once_and_seen_to_be() -> None:
    one = await scene()
    assert await one.act(breach("block.fingerprint", method_fingerprint="fp_1")) is OutcomeStatus.VERIFIED
    entry, _ = one.core.entries["block:card:fp_1"]
    assert entry.expires_at_ms == NOW_MS + DAY_MS
    assert "r on fp_1" in entry.reason
    one.clock.at_ms += 600_000
    later = replace(breach("block.fingerprint", method_fingerprint="fp_1"), at_ms=one.clock.at_ms)
    assert await one.act(later) is Reason.IN_EFFECT
    assert len(one.core.calls) == 1


async def test_a_lost_answer_is_no_second_entry() -> None:
    one = await scene(FakeCore(lost=1))
    assert await one.act(breach("raise.threshold", rail="card")) is OutcomeStatus.VERIFIED
    assert [entry.points for entry, _ in one.core.entries.values()] == [200]
    assert len(one.core.calls) == 1


async def test_a_core_that_cannot_be_read_is_not_written_to() -> None:
    one = await scene(FakeCore(reachable=False))
    assert await one.act(breach("block.fingerprint", device_id="d")) is OutcomeStatus.REFUSED
    assert one.core.calls == []


async def test_what_somebody_listed_already_is_left_alone() -> None:
    one = await scene()
    await one.act(breach("block.fingerprint", device_id="d"))
    other = await scene(one.core)
    assert await other.act(breach("block.fingerprint", device_id="d")) is OutcomeStatus.ALREADY_DONE
    assert len(one.core.calls) == 1


@pytest.mark.parametrize(("written", "calls"), [(False, 0), (True, 0)])
async def test_a_process_that_dies_at_its_intent_sends_nothing_twice(written: bool, calls: int) -> None:
    journal = DyingJournal("intent", Stopped(), written=written)
    core = FakeCore()
    first = await scene(core, journal)
    with pytest.raises(Stopped):
        await first.act(breach("block.fingerprint", device_id="d"))
    assert len(core.calls) == calls
    journal.fault = None
    second = await scene(core, journal)
    (outcome,) = await second.executor.recover()
    assert outcome.status is (OutcomeStatus.VERIFIED if written else OutcomeStatus.REFUSED)
    assert len(core.calls) == int(written)


async def test_the_kill_switch_holds_every_payment_and_is_taken_back() -> None:
    one = await scene()
    assert await one.act(breach("kill.switch")) is OutcomeStatus.VERIFIED
    assert one.core.now == "holding"
    await KillSwitch(one.core).reverse({"mode": "normal"}, "k")
    assert one.core.now == "normal"


async def test_a_mode_that_nobody_knows_is_not_overwritten() -> None:
    one = await scene(FakeCore(now="draining"))
    assert await one.act(breach("kill.switch")) is OutcomeStatus.REFUSED
    assert one.core.now == "draining"


async def test_an_entry_is_taken_back_and_a_foreign_one_is_not() -> None:
    core = FakeCore()
    action = FraudListAction(core)
    arguments = {
        "list": "review",
        "kind": "ip",
        "value": "203.0.113.7",
        "reason": "r",
        "expires_at_ms": str(NOW_MS + 1),
        "points": "0",
    }
    before = (await action.preflight(arguments)).before
    await action.apply(arguments, "k")
    assert (await action.preflight(arguments)).already_done
    await action.reverse(before, "k-back")
    await action.reverse(before, "k-back")
    assert core.entries == {}
    assert not (await action.verify(arguments)).in_effect


def test_every_action_of_the_configuration_can_be_decided_on() -> None:
    assert frozenset(ACTION_NAMES) - {"page"} == ACTIONS - {FLAGS_RAMP, SCALE_IN, SCALE_SET, SPILL_REGION}
