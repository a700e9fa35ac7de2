"""The console's panel of the way back: when it was last rehearsed, how the last rollback went, and those by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.http.words.wording import count, duration
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.rollback.model import STEPS, RollbackRun
from remediation.state import State


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage of a rollback: the first one by how long after the fault's onset, the others after the one before."""

    words: str
    after: str


@dataclass(frozen=True, slots=True)
class ByHandStep:
    """One step of a rollback by hand. state: done, nothing, failed, now or ahead."""

    words: str
    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class RollbackPanel:
    """The way back. rehearsal: the last drill in words, is_rehearsed: whether it went well.

    measured: the last real rollback in words, empty when there was none. by_hand: the newest one that somebody asked
    for, empty when nobody did.
    """

    rehearsal: str
    is_rehearsed: bool
    measured: str
    stages: tuple[StageRow, ...]
    by_hand: str
    steps: tuple[ByHandStep, ...]


_STAGE_WORDS = (
    ("evidence_at_ms", "first evidence"),
    ("decided_at_ms", "decided"),
    ("commanded_at_ms", "command sent"),
    ("verified_at_ms", "seen in effect"),
    ("last_payment_at_ms", "last payment on it"),
)


def rollback_panel(state: State, now_ms: int) -> RollbackPanel:
    """From the journal's state alone."""
    rehearsal, is_rehearsed = _rehearsal(state, now_ms)
    real = [one for one in state.rollbacks.values() if not one.drill]
    last = real[-1] if real else None
    hand = next(reversed(state.manual_rollbacks.values()), None)
    measured, by_hand = "", ""
    if last is not None:
        taken = f"{count(last.exposed_payments)} payments went through it, {count(last.failed_payments)} failed"
        measured = f"{last.deployment_id}: {taken}; counted from the first that failed, then each from the one before"
    if hand is not None:
        end = "under way" if not hand.ended_at_ms else "complete" if hand.complete else "partial"
        by_hand = f"{hand.id} ({hand.kind}), asked by {hand.asked_by}: {end}"
    return RollbackPanel(
        rehearsal=rehearsal,
        is_rehearsed=is_rehearsed,
        measured=measured,
        stages=() if last is None else tuple(_stages(last)),
        by_hand=by_hand,
        steps=() if hand is None else tuple(_by_hand_steps(hand)),
    )


def _stages(measured: RollbackMeasured) -> Iterator[StageRow]:
    """Seconds until the first evidence hide the milliseconds that followed, so those are told by themselves."""
    before_ms, sign = measured.onset_at_ms, ""
    for name, words in _STAGE_WORDS:
        at_ms = getattr(measured, name)
        if at_ms:
            yield StageRow(words, f"{sign}{duration(max(0, at_ms - before_ms))}")
            before_ms, sign = max(before_ms, at_ms), "+"


def _rehearsal(state: State, now_ms: int) -> tuple[str, bool]:
    drills = [one for one in state.rollbacks.values() if one.drill]
    good = [one for one in drills if one.verified_at_ms]
    if not drills:
        return "never", False
    if not good:
        return f"never with success: {drills[-1].detail}", False
    last = good[-1]
    age, took = duration(now_ms - last.verified_at_ms), duration(last.verified_at_ms - last.decided_at_ms)
    words = f"{age} ago, in {took}"
    newest = drills[-1]
    return (words, True) if newest.verified_at_ms else (f"{words}; it failed since: {newest.detail}", False)


def _by_hand_steps(run: RollbackRun) -> Iterator[ByHandStep]:
    for step in STEPS[run.kind]:
        result = run.steps.get(step)
        if result is not None:
            yield ByHandStep(step, result.status, result.detail)
        elif not run.ended_at_ms:
            yield ByHandStep(step, "now" if step is run.next_step else "ahead", "")
