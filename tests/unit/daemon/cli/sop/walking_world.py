"""A procedure with steps that harm, a world in which they have their effects, and a death at any place of a walk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from config.loading.loader import build
from config.loading.tree import parse
from config.procedures.procedure import Procedure
from daemon.cli.sop.person import AtTheTerminal, NobodyAnswered
from daemon.cli.sop.seen import Done
from daemon.cli.sop.walker import Walked, Walker
from remediation.journal.procedure_kinds import ProcedureBegun, ProcedureStepBegun, RunEntry
from remediation.procedures.fold import Place, place_of, with_procedure
from remediation.procedures.model import ProcedureRun
from tests.unit.remediation.worlds import NOW_MS, Stopped

RUN = "run-20261127t034500z-3fa9c1"
KILL = "[tillwatch, flags, kill, {0}, --reason, trial, --force]"
SERVED = "{{kind: json, command: [tillwatch, flags, get, {0}, --json], path: killed.by, compare: present}}"
TEXT = f"""
name: walked
title: Walked
family: emergency
purpose: To be walked.
owner: on-call
within: 5m
steps:
  - {{id: look, title: Look, command: [tillwatch, incidents, list]}}
  - id: first
    title: First
    command: {KILL.format("first")}
    check: {SERVED.format("first")}
    undo: [tillwatch, flags, revive, first, --reason, trial, --force]
  - {{id: tell, title: Tell, do: Tell them., check: {{kind: answer, question: Do they know}}}}
  - id: second
    title: Second
    command: {KILL.format("second")}
    check: {SERVED.format("second")}
    undo: [tillwatch, flags, revive, second, --reason, trial, --force]
  - id: books
    title: Books
    command: [tillwatch, ledger, verify, --json]
    check: {{kind: json, path: balanced, value: true}}
"""


def procedure(text: str = TEXT) -> Procedure:
    """The procedure of this text."""
    found, problems = build(parse("walked.yaml", text), Procedure)
    assert found is not None, problems
    return found


@dataclass
class Death:
    """Strikes when it was counted down; the process is gone then. at: None for never."""

    at: int | None = None
    places: int = 0

    def may_strike(self) -> None:
        """One place at which a process may be killed."""
        self.places += 1
        if self.at == self.places:
            raise Stopped


@dataclass
class World:
    """Flags that are killed, and how often. entries: what is written down, which outlives every death.

    lost: an effect that the world does not show, so that a check says no.
    """

    death: Death = field(default_factory=Death)
    killed: set[str] = field(default_factory=set)
    kills: list[str] = field(default_factory=list)
    entries: list[RunEntry] = field(default_factory=list)
    commands: list[tuple[str, ...]] = field(default_factory=list)
    shows: bool = True
    balanced: bool = True
    journaled: bool = True

    def run(self, command: Sequence[str], seconds: float) -> Done:
        """See Runs."""
        assert seconds > 0
        self.commands.append(tuple(command))
        self.death.may_strike()
        done = self._done(tuple(command))
        self.death.may_strike()
        return done

    def _done(self, command: tuple[str, ...]) -> Done:
        match command[1:4]:
            case ("flags", "kill", flag):
                begun = [one.step for one in self.entries if isinstance(one, ProcedureStepBegun)]
                assert begun[-1] == flag, "nothing is done before it is written down"
                self.killed.add(flag)
                self.kills.append(flag)
                return Done(0, f"{flag} is killed\n")
            case ("flags", "revive", flag):
                self.killed.discard(flag)
                return Done(0)
            case ("flags", "get", flag):
                seen = {"by": "ann"} if flag in self.killed and self.shows else None
                return Done(0, msgspec.json.encode({"killed": seen}).decode())
            case ("ledger", "verify", _):
                return Done(0, msgspec.json.encode({"balanced": self.balanced}).decode())
            case _:
                return Done(0, "no incident is open\n")


class Kept:
    """What is written down; see Records."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def run(self) -> ProcedureRun | None:
        """As the entries say."""
        runs: dict[str, ProcedureRun] = {}
        for said in self._world.entries:
            runs = with_procedure(runs, said, "ann", said.said_at_ms)
        return runs.get(RUN)

    @property
    def journaled(self) -> bool:
        """Whether a daemon answers."""
        return self._world.journaled

    def record(self, said: RunEntry) -> ProcedureRun:
        """Write it down; a process may die before and after."""
        self._world.death.may_strike()
        assert place_of(self.run, said) is Place.NEXT
        self._world.entries.append(said)
        self._world.death.may_strike()
        run = self.run
        assert run is not None
        return run

    def catch_up(self) -> int:
        """Nothing waits."""
        return 0


class Says(AtTheTerminal):
    """Answers everything alike; what it says no to, it does not do. asked: every question, by step."""

    def __init__(self, says: Callable[[str], str] = lambda _: "yes", *, harmless_yes: bool = False) -> None:
        super().__init__({}, harmless_yes=harmless_yes)
        self._says = says
        self.asked: list[str] = []

    def answer(self, about: str, question: str, choices: tuple[str, ...]) -> str:
        """See AtTheTerminal."""
        self.asked.append(about)
        said = self._says(about)
        if said not in choices:
            raise NobodyAnswered("nobody answered")
        assert question
        return said


def begin(world: World, walked: Procedure) -> None:
    """Write the begin down."""
    Kept(world).record(
        ProcedureBegun(
            run_id=RUN,
            number=1,
            said_at_ms=NOW_MS,
            procedure=walked.name,
            digest=walked.digest,
            steps=tuple(step.id for step in walked.steps),
        )
    )


def walker(world: World, walked: Procedure, person: AtTheTerminal | None = None) -> Walker:
    """A process that goes on with what is written down."""
    return Walker(walked, Kept(world), world, Says() if person is None else person, lambda: NOW_MS, lambda _: None)


def walk(world: World, walked: Procedure, person: AtTheTerminal | None = None) -> Walked:
    """One walk, from wherever it stands."""
    return walker(world, walked, person).walk()
