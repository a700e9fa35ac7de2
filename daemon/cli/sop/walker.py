"""Walks a procedure step by step: written down before it is done, asked before it harms, and never repeated blindly."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from checks.redaction.card_numbers import mask_card_numbers
from config.procedures.check import AnswerCheck, asks_itself
from config.procedures.commands import Nature
from config.procedures.placeholders import filled
from config.procedures.procedure import Procedure, Step
from daemon.cli.sop.person import NO, SKIP, YES, AtTheTerminal, NobodyAnswered
from daemon.cli.sop.seen import Done, Seen, seen
from remediation.journal.procedure_kinds import (
    ProcedureAnswered,
    ProcedureEnded,
    ProcedureStepBegun,
    ProcedureStepEnded,
    RunEntry,
)
from remediation.procedures.model import ProcedureRun, RunOutcome, StepState
from remediation.procedures.walking import Do, Move, next_move, state_after

SEEN, UNDO = ".seen", ".undo"
"""Behind a step's name: what a person saw after it was done, and whether it is taken back."""
CHECK_SECONDS = 60.0
"""A check is one look."""
NOBODY_TO_ASK = "this step wants a second person, and the daemon that asks one does not answer"


class Records(Protocol):
    """Where what is done is written down."""

    @property
    def run(self) -> ProcedureRun | None:
        """As it stands."""

    @property
    def journaled(self) -> bool:
        """Whether the daemon answers."""

    def record(self, said: RunEntry) -> ProcedureRun:
        """Raises Declined and RecordUnusable: then what it says is not to be done."""

    def catch_up(self) -> int:
        """Send what waits for the daemon; how many entries wait still."""


class Runs(Protocol):
    """What runs a command."""

    def run(self, command: Sequence[str], seconds: float) -> Done:
        """To its end, or until its time is over."""


class End(StrEnum):
    """Why nothing more is done now. stopped: a step failed. waits: for a person, or for an approval."""

    DONE = "done"
    STOPPED = "stopped"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Walked:
    """step: where it stands; empty when all are settled."""

    end: End
    step: str = ""
    detail: str = ""


class Walker:
    """One walk of one run, from where it stands. Raises Declined and RecordUnusable from its records."""

    def __init__(
        self,
        procedure: Procedure,
        records: Records,
        program: Runs,
        person: AtTheTerminal,
        now_ms: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        self._procedure = procedure
        self._records = records
        self._program = program
        self._person = person
        self._now_ms = now_ms
        self._say = say

    def walk(self) -> Walked:
        """Go on until it is done, a step that blocks has failed, or nobody answers."""
        try:
            while True:
                self._records.catch_up()
                move = next_move(self._procedure, self._run)
                if move.step is None:
                    return self._finish()
                stopped = self._step(move, move.step)
                if stopped is not None:
                    return stopped
        except NobodyAnswered as why:
            return Walked(End.WAITS, self._run.stands_at, str(why))

    def take_back(self, chosen: Sequence[Step]) -> Walked:
        """Take steps back that were done, the last one first; one that fails keeps the others from being tried."""
        try:
            for step in reversed(chosen):
                stopped = self._undone(step)
                if stopped is not None:
                    return stopped
        except NobodyAnswered as why:
            return Walked(End.WAITS, self._run.stands_at, str(why))
        return Walked(End.DONE)

    def _undone(self, step: Step) -> Walked | None:
        command = filled(step.undo, self._run.parameters)
        about = f"{step.id}{UNDO}"
        said = self._person.answer(about, f"Take {step.id} back: {shlex.join(command)}?", (YES, NO, SKIP))
        self._answered(about, said)
        if said == NO:
            raise NobodyAnswered("a person said no, so nothing was taken back")
        if said == SKIP:
            return None
        self._begin(step, command)
        if self._nobody_to_ask(step):
            return Walked(End.WAITS, step.id, NOBODY_TO_ASK)
        done = self._program.run(command, step.timeout)
        self._show(done)
        if done.code == 0:
            return self._ended(step, StepState.UNDONE, "exit 0")
        detail = done.fault if done.code is None else f"taking it back ended with exit {done.code}"
        return self._ended(step, StepState.FAILED, detail)

    @property
    def _run(self) -> ProcedureRun:
        run = self._records.run
        if run is None:
            raise RuntimeError("a run is walked after its begin")
        return run

    def _step(self, move: Move, step: Step) -> Walked | None:
        """One step; None when the procedure goes on behind it."""
        number = self._procedure.steps.index(step) + 1
        self._say(f"{number}/{len(self._procedure.steps)}  {step.title}")
        for line in step.do.splitlines():
            self._say(f"     {line}")
        if self._nobody_to_ask(step):
            return Walked(End.WAITS, step.id, NOBODY_TO_ASK)
        if move.do is Do.SETTLE and self._is_so_already(step):
            return None
        if not self._goes_on(move, step):
            return self._ended(step, StepState.SKIPPED, "a person said so")
        command = filled(step.command, self._run.parameters)
        self._begin(step, command)
        if self._nobody_to_ask(step):
            # The daemon went away with the very question, so that nobody has said yes.
            return Walked(End.WAITS, step.id, NOBODY_TO_ASK)
        if command:
            self._say(f"     $ {shlex.join(command)}")
        done = self._program.run(command, step.timeout) if command else Done(0)
        self._show(done)
        found = self._checked(step, done)
        return self._ended(step, state_after(step, passed=found.passed is True), found.detail)

    def _nobody_to_ask(self, step: Step) -> bool:
        """Whether the step wants a second person whom only the daemon could ask, and it does not answer."""
        return step.approval.second_person and not self._records.journaled

    def _is_so_already(self, step: Step) -> bool:
        """Ask the step's own check whether what was begun before is in effect; then nothing is repeated."""
        found = self._checked(step, None)
        self._say(f"     it was begun before; its check says: {found.detail}")
        if found.passed is True:
            self._ended(step, StepState.PASSED, f"done before: {found.detail}")
            return True
        return False

    def _goes_on(self, move: Move, step: Step) -> bool:
        """Ask before what changes something; what only looks, and what a person does, begins by itself."""
        if step.nature is Nature.LOOKS:
            return True
        if step.nature is Nature.MILD and not move.again and self._person.says_yes_to_harmless:
            return True
        shown = shlex.join(filled(step.command, self._run.parameters))
        again = self._again(step) if move.again else "Do it"
        said = self._person.answer(step.id, f"     {again}: {shown}?", (YES, NO, SKIP))
        self._answered(step.id, said)
        if said == NO:
            raise NobodyAnswered("a person said no, so nothing was done")
        return said == YES

    def _again(self, step: Step) -> str:
        """Whoever is asked once more hears that the command of a walk that died may not be over yet."""
        result = self._run.results.get(step.id)
        is_young = result is not None and self._now_ms() < result.at_ms + step.timeout * 1000
        may_run = is_young and result is not None and result.state is StepState.BEGUN
        late = ", and may still be under way: look again before you say yes" if may_run else ""
        return f"It is not seen to be in effect{late}. Do it again"

    def _checked(self, step: Step, done: Done | None) -> Seen:
        """What the check says; done: what the step's own command did, None when that is not known."""
        check = step.check
        if isinstance(check, AnswerCheck):
            if done is not None and done.code != 0:
                return Seen(passed=False, detail=f"exit {done.code}" if done.code is not None else done.fault)
            choices = tuple(dict.fromkeys((*check.accept, NO)))
            # A step with a command was asked about by its name already, before it was done.
            about = f"{step.id}{SEEN}" if step.command else step.id
            said = self._person.answer(about, f"     {check.asked}", choices)
            self._answered(about, said)
            return Seen(passed=said in check.accept, detail=f"answered {said}")
        if asks_itself(check):
            done = self._program.run(filled(check.command, self._run.parameters), CHECK_SECONDS)
        return Seen(passed=None, detail="nobody knows what it did") if done is None else seen(check, done)

    def _ended(self, step: Step, state: StepState, detail: str) -> Walked | None:
        run, detail = self._run, mask_card_numbers(detail)
        ended = ProcedureStepEnded(
            run_id=run.id, number=run.told + 1, said_at_ms=self._now_ms(), step=step.id, state=state, detail=detail
        )
        self._records.record(ended)
        self._say(f"     {state}: {detail}")
        return Walked(End.STOPPED, step.id, detail) if state is StepState.FAILED else None

    def _begin(self, step: Step, command: tuple[str, ...]) -> None:
        run = self._run
        self._records.record(
            ProcedureStepBegun(
                run_id=run.id, number=run.told + 1, said_at_ms=self._now_ms(), step=step.id, command=command
            )
        )

    def _finish(self) -> Walked:
        """Every step is settled; those that went wrong and did not block are named."""
        run = self._run
        warned = [name for name, one in run.results.items() if one.state is StepState.WARNED]
        detail = f"went wrong: {', '.join(warned)}" if warned else ""
        if not run.is_over:
            self._records.record(end_of(run, RunOutcome.DONE, detail, self._now_ms()))
            self._records.catch_up()
        return Walked(End.DONE, "", detail)

    def _show(self, done: Done) -> None:
        for line in (*done.stdout.splitlines(), *done.stderr.splitlines()):
            self._say(f"     | {line}")

    def _answered(self, about: str, said: str) -> None:
        run = self._run
        self._records.record(
            ProcedureAnswered(run_id=run.id, number=run.told + 1, said_at_ms=self._now_ms(), about=about, answer=said)
        )


def end_of(run: ProcedureRun, outcome: RunOutcome, detail: str, now_ms: int) -> ProcedureEnded:
    """The last entry of a run."""
    return ProcedureEnded(run_id=run.id, number=run.told + 1, said_at_ms=now_ms, outcome=outcome, detail=detail)
