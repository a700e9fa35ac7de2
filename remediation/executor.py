"""Carries decisions out: intent on disk, then the effect, then a look at the world, then the outcome."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog
from msgspec.structs import replace

from config.policy import Policy
from remediation.actions.reversal import Reversal
from remediation.asking import ask
from remediation.decide import decide
from remediation.decisions import INTERRUPTED, Decision, Outcome, OutcomeStatus
from remediation.errors import RemediationError, UnknownAction, WorldUnreachable
from remediation.guardrails.guard import standing_guard
from remediation.guardrails.target_turns import TargetTurns
from remediation.journal.entry import DAEMON
from remediation.journal.guardrail_kinds import UndoAsked
from remediation.journal.kinds import Intent
from remediation.journal.writer import JournalWriter
from remediation.ports import Action, Clock, Look, Preflight, TakesItsTime
from remediation.state import ActionState
from remediation.tracing import traced
from remediation.undo import UNDO, UndoRefusal, refused

log = structlog.get_logger()

CALL_SECONDS = 10.0
"""One call of the world gets this long; botocore's own retries fit into it."""

PREFLIGHT_SECONDS = 20.0
"""Ten destination checks of at most 2 s each."""

APPLY_ATTEMPTS = 3
"""Calls sent while the world does not answer; each is absolute, so a repeated one changes nothing more."""

Weigh = Callable[[ActionState], Awaitable[tuple[UndoRefusal, str] | None]]
"""Why this action may not be taken back by whoever asks, None when it may; the executor's lock is held meanwhile."""

Ended = TypeVar("Ended", Outcome, Outcome | None)

NO_LEASE = "the lease ran out, so another leader may act"

PAUSE_SECONDS = 0.2
"""Between two looks or two attempts; Route 53 and its emulator answer faster than they change."""
LONG_PAUSE_SECONDS = 2.0
"""Between two looks at what takes minutes, once it has taken longer than a shift of traffic may."""


class Executor:
    """Acts on decisions, one at a time per target, and writes each step into the journal through the writer.

    Journal faults (StaleEpoch, JournalFull, JournalFailed, SequenceConflict) are raised, and nothing is done after one.
    """

    def __init__(self, writer: JournalWriter, actions: Mapping[str, Action], clock: Clock, policy: Policy) -> None:
        self._writer = writer
        self._actions = actions
        self._clock = clock
        self._policy = policy
        self._deciding = asyncio.Lock()
        self._in_flight: set[str] = set()
        self.turns = TargetTurns()
        """Taken by whoever changes a target from here or, as a step of a deployment, from elsewhere."""

    @property
    def deciding(self) -> asyncio.Lock:
        """Held by whoever looks whether a target is free and then writes that it is not; see `guardrails.locks`."""
        return self._deciding

    @property
    def policy(self) -> Policy:
        """What is held against at this moment."""
        return self._policy

    def follow(self, policy: Policy) -> None:
        """Hold what is decided from now on against this policy; what is under way goes on to its end."""
        self._policy = policy

    async def carry_out(self, decision: Decision) -> Outcome | None:
        """Record the decision and, when it acts, do it; None when it does not act. See decide_and_carry_out."""
        return (await self.decide_and_carry_out(decision))[1]

    async def decide_and_carry_out(self, decision: Decision) -> tuple[Decision, Outcome | None]:
        """The same, with the decision that was recorded in the end.

        A decision to act is made once more on the newest state, under a lock, and that one is recorded and carried out:
        two that were made on the same state do not both act. Raises UnknownAction before anything is recorded.
        """
        if not decision.act:
            await self._record(decision)
            return decision, None
        action = self._action(decision.action)
        self._in_flight.add(decision.id)
        try:
            async with self._deciding:
                # What was decided may rest on a state that others moved since, so the newest state has the last word.
                aside = decision.set_aside
                decision = decide(decision.finding, self._writer.state, self._policy, self._clock.now_ms())
                if decision.act:
                    # It may be another action of the rule than the one that was decided on before.
                    action = self._action(decision.action)
                    decision = replace(decision, set_aside=aside)
                await self._record(decision)
            if not decision.act:
                return decision, None
            return decision, await self._in_turn(self._act, action, self._writer.state.actions[decision.id])
        finally:
            self._in_flight.discard(decision.id)

    async def undo(
        self, decision_id: str, actor: str, reason: str, skipped: tuple[str, ...] = (), weigh: Weigh | None = None
    ) -> Outcome | tuple[UndoRefusal, str]:
        """Take an automatic action back for a person, or say why not. skipped: confirmations, which change nothing.

        weigh: says why not of an action that can be taken back, as the last one who is asked.
        """
        async with self._deciding:
            refusal = refused(self._writer.state, decision_id)
            if refusal is None and weigh is not None:
                refusal = await weigh(self._writer.state.actions[decision_id])
            if refusal is not None:
                return refusal
            key = hashlib.sha256(f"undo\0{decision_id}\0{self._writer.state.sequence}".encode()).hexdigest()
            undo_id = f"und-{key[:16]}"
            self._in_flight.add(undo_id)
            asked = UndoAsked(undo_id=undo_id, decision_id=decision_id, reason=reason, key=key[:32], skipped=skipped)
            try:
                await self._writer.append(asked, actor)
            except BaseException:
                self._in_flight.discard(undo_id)
                raise
        try:
            one = self._writer.state.actions[undo_id]
            return await self._in_turn(self._act, self._action_of(one), one)
        finally:
            self._in_flight.discard(undo_id)

    async def look_ahead(self, decision: Decision) -> Preflight | None:
        """What its action would find if it were carried out now, None when it does not act; nothing is written."""
        if not decision.act:
            return None
        return await _preflight(self._action(decision.action), decision.action, decision.arguments)

    async def look_at_undo(self, decision_id: str) -> tuple[UndoRefusal, str] | Preflight:
        """Why this decision's action cannot be taken back, or what taking it back would find; nothing is written."""
        refusal = refused(self._writer.state, decision_id)
        if refusal is not None:
            return refusal
        one = self._writer.state.actions[decision_id]
        return await _preflight(Reversal(self._action(one.action), one.before), UNDO, one.arguments)

    async def _record(self, decision: Decision) -> None:
        """Write the decision, and what people are asked when it waits for them."""
        await self._writer.append(decision)
        if decision.asks is not None:
            await ask(self._writer, self._policy.approvals, decision.asks, DAEMON, self._clock.now_ms())

    async def recover(self) -> list[Outcome]:
        """Bring every action that was interrupted to its outcome; call at start and on each tick, cheap when none is.

        The world is looked at first. What is in effect is not done again; what is not is done once, unless the
        evidence is stale by now or acting is switched off. While the world cannot be read the action stays open.
        """
        interrupted = [
            one
            for one in self._writer.state.actions.values()
            if one.status is None and one.decision_id not in self._in_flight
        ]
        outcomes = []
        for one in interrupted:
            self._in_flight.add(one.decision_id)
            try:
                outcome = await self._in_turn(self._resume, self._action_of(one), one)
            finally:
                self._in_flight.discard(one.decision_id)
            if outcome is not None:
                outcomes.append(outcome)
        return outcomes

    def _action(self, name: str) -> Action:
        action = self._actions.get(name)
        if action is None:
            raise UnknownAction(name)
        return action

    def _action_of(self, one: ActionState) -> Action:
        """What carries it out; taking back is the reversal of the action that is taken back."""
        if not one.undoes:
            return self._action(one.action)
        original = self._writer.state.actions.get(one.undoes)
        if original is None:
            raise UnknownAction(one.undoes)
        return Reversal(self._action(original.action), original.before)

    def _lease_ran_out(self) -> bool:
        return self._clock.now_ms() >= self._writer.lease.until_ms

    async def _in_turn(
        self, work: Callable[[Action, ActionState], Awaitable[Ended]], action: Action, one: ActionState
    ) -> Ended:
        """Within its trace, and while nobody else changes its target."""
        with traced(one.trace_id, one.sequence):
            async with self.turns.of(one.target):
                return await work(action, one)

    async def _act(self, action: Action, one: ActionState) -> Outcome:
        preflight = await _preflight(action, one.action, one.arguments)
        if preflight.refusal:
            return await self._end(one, OutcomeStatus.REFUSED, refusal=preflight.refusal)
        if preflight.already_done:
            return await self._end(one, OutcomeStatus.ALREADY_DONE, detail="the world was as wanted before the call")
        if self._lease_ran_out():
            return await self._end(one, OutcomeStatus.REFUSED, refusal=NO_LEASE)
        await self._writer.append(
            Intent(
                decision_id=one.decision_id,
                action=one.action,
                target=one.target,
                key=one.key,
                arguments=one.arguments,
                before=preflight.before,
                cause_at_ms=one.cause_at_ms,
                trace_id=one.trace_id,
            )
        )
        return await self._effect(action, one)

    async def _resume(self, action: Action, one: ActionState) -> Outcome | None:
        if not one.intent_sequence:
            return await self._end(one, OutcomeStatus.REFUSED, refusal=INTERRUPTED)
        look = await _look(action, one)
        if look is None:
            return None
        if look.in_effect:
            detail = f"interrupted after its intent and found in effect: {look.detail}"
            return await self._end(one, OutcomeStatus.ALREADY_DONE, detail=detail)
        held = standing_guard(self._policy, self._writer.state, one, self._clock.now_ms())
        if held:
            why = f"interrupted after its intent and found not in effect ({look.detail}); not sent now: {held}"
            return await self._end(one, OutcomeStatus.REFUSED, refusal=why)
        preflight = await _preflight(action, one.action, one.arguments)
        if preflight.refusal:
            return await self._end(one, OutcomeStatus.REFUSED, refusal=preflight.refusal)
        return await self._effect(action, one)

    async def _effect(self, action: Action, one: ActionState) -> Outcome:
        """Send the call, look until it is in effect or the time is up, and write what is known."""
        called_at_ms, called = self._clock.now_ms(), self._clock.monotonic_ms()
        if self._lease_ran_out():
            return await self._end(one, OutcomeStatus.REFUSED, refusal=NO_LEASE)
        fault, look = await self._apply(action, one)
        certain = isinstance(fault, RemediationError) and not fault.retryable
        if look is None or not look.in_effect:
            seconds = 0.0 if certain else self._patience_seconds(action, one)
            look = await self._look_for(action, one, seconds)
        status = _status(fault, look)
        return await self._end(
            one,
            status,
            called_at_ms=called_at_ms,
            verified_ms=round(self._clock.monotonic_ms() - called, 1) if status is OutcomeStatus.VERIFIED else None,
            detail=_words(fault, look),
        )

    async def _apply(self, action: Action, one: ActionState) -> tuple[Exception | None, Look | None]:
        """Send the call until it is answered; the last fault, and the last look when one was taken."""
        fault: Exception | None = None
        look: Look | None = None
        for attempt in range(1, APPLY_ATTEMPTS + 1):
            fault = await _send(action, one)
            if not isinstance(fault, RemediationError) or not fault.retryable:
                break
            look = await _look(action, one)
            if (look is not None and look.in_effect) or self._lease_ran_out():
                break
            if attempt < APPLY_ATTEMPTS:
                await self._clock.sleep(PAUSE_SECONDS * attempt)
        return fault, look

    async def _look_for(self, action: Action, one: ActionState, seconds: float) -> Look | None:
        """Look until it is in effect or the time is up, at least once; the last look."""
        began = self._clock.monotonic_ms()
        while True:
            look = await _look(action, one)
            gone_seconds = (self._clock.monotonic_ms() - began) / 1000
            if (look is not None and look.in_effect) or gone_seconds >= seconds:
                return look
            is_slow = gone_seconds >= self._policy.traffic.verify_timeout
            await self._clock.sleep(LONG_PAUSE_SECONDS if is_slow else PAUSE_SECONDS)

    def _patience_seconds(self, action: Action, one: ActionState) -> float:
        """How long it is looked for: what starts machines takes longer than what writes a record."""
        own = action.settles_seconds(one.arguments) if isinstance(action, TakesItsTime) else 0.0
        return max(own, self._policy.traffic.verify_timeout)

    async def _end(
        self,
        one: ActionState,
        status: OutcomeStatus,
        *,
        called_at_ms: int = 0,
        verified_ms: float | None = None,
        refusal: str = "",
        detail: str = "",
    ) -> Outcome:
        outcome = Outcome(
            decision_id=one.decision_id,
            action=one.action,
            target=one.target,
            key=one.key,
            status=status,
            at_ms=self._clock.now_ms(),
            called_at_ms=called_at_ms,
            cause_to_call_ms=called_at_ms - one.cause_at_ms if called_at_ms else None,
            verified_ms=verified_ms,
            refusal=refusal,
            detail=detail,
            trace_id=one.trace_id,
        )
        await self._writer.append(outcome)
        log.info(
            "action ended",
            action="action_ended",
            kind=one.action,
            target=one.target,
            decision_id=one.decision_id,
            status=status.value,
            refusal=refusal,
            detail=detail,
        )
        return outcome


def _status(fault: Exception | None, look: Look | None) -> OutcomeStatus:
    """What may be claimed: in effect, certainly not in effect after a fault, or not known."""
    if look is not None and look.in_effect:
        return OutcomeStatus.VERIFIED
    if fault is not None and look is not None:
        return OutcomeStatus.FAILED
    return OutcomeStatus.UNVERIFIED


def _words(fault: Exception | None, look: Look | None) -> str:
    seen = "the world could not be read" if look is None else look.detail
    return seen if fault is None else f"{seen}; the call ended with: {fault}"


async def _preflight(action: Action, name: str, arguments: Mapping[str, str]) -> Preflight:
    try:
        async with asyncio.timeout(PREFLIGHT_SECONDS):
            return await action.preflight(arguments)
    except TimeoutError:
        return Preflight(refusal=f"the world could not be read within {PREFLIGHT_SECONDS:g} s")
    except Exception as fault:  # noqa: BLE001 whatever keeps the world from being read, acting blindly is worse
        log.warning("preflight failed", action="preflight_failed", kind=name, fault=repr(fault))
        return Preflight(refusal=f"the world could not be read: {fault}")


async def _send(action: Action, one: ActionState) -> Exception | None:
    """Send the call once; a fault is no proof that it had no effect."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            await action.apply(one.arguments, one.key)
    except TimeoutError:
        return WorldUnreachable(f"No answer within {CALL_SECONDS:g} s.")
    except Exception as fault:  # noqa: BLE001 even an unforeseen fault may hide an effect, so the next look decides
        log.warning("call failed", action="call_failed", kind=one.action, fault=repr(fault))
        return fault
    return None


async def _look(action: Action, one: ActionState) -> Look | None:
    """Look at the world once; None when it cannot be read."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await action.verify(one.arguments)
    except Exception as fault:  # noqa: BLE001 not seeing the world is an answer of its own, whatever the cause
        log.warning("look failed", action="look_failed", kind=one.action, fault=repr(fault))
        return None
