"""``sops/NAME.yaml``: one procedure: who does it and how soon, its steps in order, and what to ask when one fails."""

import hashlib
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.escalation.matchers import some
from config.escalation.on_call import Name
from config.model import Duration, Model, refusal
from config.procedures.check import Check, Command, ExitCheck, JsonCheck, asks_itself
from config.procedures.commands import Nature, nature_of
from config.procedures.placeholders import placeholders_of
from config.procedures.tree import Question, circle, reached

ParameterName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$", examples=["reason"])]
Family = Literal["emergency", "incident", "routine", "continuity"]
_TIMEOUT_SECONDS_MAX = 3_600.0


class Parameter(Model):
    """What a run is told at its begin. default: empty where it has to be given. pattern: of all of the value."""

    about: str = Field(min_length=1, max_length=200)
    default: str = Field(default="", max_length=200)
    pattern: str = Field(default="", max_length=200, examples=["[a-z0-9-]+"])

    @model_validator(mode="after")
    def _default_is_usable(self) -> "Parameter":
        try:
            fits = re.fullmatch(self.pattern, self.default) is not None if self.pattern else True
        except re.error as fault:
            what = f"{self.pattern!r:.80} is no regular expression: {fault}"
            raise refusal(what, "write one such as [a-z0-9-]+", ("pattern",)) from fault
        if self.default and not fits:
            raise refusal(f"the default {self.default!r:.40} does not match the pattern", "write another", ("default",))
        return self


class Approval(Model):
    """role: of whoever does the step. second_person: another one has to approve it first."""

    role: Literal["operator", "approver", "admin"] = "operator"
    second_person: bool = False


class Step(Model):
    """One step. do: what it is for, or what a person does where there is no command. expect: what is seen then.

    criticality: whether the procedure stops where it fails, or goes on and says so. undo: what takes it back.
    who: a person or a schedule of escalation.yaml; the procedure's owner when left out. trouble: the question that
    is asked first when it fails.
    """

    id: Name
    title: str = Field(min_length=1, max_length=120)
    do: str = Field(default="", max_length=1_000)
    command: Command = ()
    expect: str = Field(default="", max_length=300)
    check: Check = ExitCheck()
    criticality: Literal["blocks", "warns"] = "blocks"
    approval: Approval = Approval()
    undo: Command = ()
    timeout: Duration = 60.0
    who: Name | None = None
    trouble: Name | None = None

    @property
    def nature(self) -> Nature:
        """What its command does to the world; a step of a person alone asks that person anyway."""
        return nature_of(self.command) if self.command else Nature.LOOKS

    @property
    def words(self) -> Iterator[str]:
        """All that may hold a placeholder."""
        yield from (*self.command, *self.undo, *self.check.command)

    @model_validator(mode="after")
    def _can_be_seen_to_work(self) -> "Step":
        if not self.command and not asks_itself(self.check):
            what = "this step has no command, and nothing says when it is done"
            raise refusal(what, "write command, or check: {kind: answer, question: ...}", ("check",))
        if self.nature is not Nature.LOOKS and not asks_itself(self.check):
            what = "whether this step was done could only be seen by doing it again"
            fix = "let check have a command that looks, be a health check, or ask a person"
            raise refusal(what, fix, ("check",))
        prints = self.check.command if isinstance(self.check, JsonCheck) and self.check.command else self.command
        if isinstance(self.check, JsonCheck) and "--json" not in prints:
            raise refusal("this command prints no JSON document", "add --json", ("command",))
        if self.timeout > _TIMEOUT_SECONDS_MAX:
            raise refusal("a step takes an hour at most", "write a shorter timeout, or two steps", ("timeout",))
        if not self.command and not self.do:
            raise refusal("nobody is told what to do", "write do, or command", ("do",))
        return self


class Procedure(Model):
    """runbooks: names that rules use, for which this is the procedure; its own name is one anyway. within: how soon.

    every: how often it is to be done; without it, when something calls for it. first: the question that its tree
    begins with. contacts: who is called, in this order.
    """

    name: Name
    title: str = Field(min_length=1, max_length=120)
    family: Family
    purpose: str = Field(min_length=1, max_length=500)
    runbooks: tuple[Name, ...] = Field(default=(), strict=False, max_length=20)
    owner: Name
    within: Duration
    every: Duration | None = None
    contacts: tuple[Name, ...] = Field(default=(), strict=False, max_length=10)
    parameters: dict[ParameterName, Parameter] = Field(default_factory=dict, max_length=10)
    steps: Annotated[tuple[Step, ...], Field(strict=False, max_length=30), AfterValidator(some)]
    first: Name | None = None
    tree: dict[Name, Question] = Field(default_factory=dict, max_length=40)

    @property
    def digest(self) -> str:
        """SHA-256 over all that it says; the same for files that mean the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def step_of(self, step_id: str) -> Step | None:
        """The step of this id."""
        return next((one for one in self.steps if one.id == step_id), None)

    @model_validator(mode="after")
    def _each_step_once(self) -> "Procedure":
        seen: set[str] = set()
        for place, step in enumerate(self.steps):
            if step.id in seen:
                raise refusal(f"there are two steps {step.id}", "give one another id", ("steps", place, "id"))
            seen.add(step.id)
        return self

    @model_validator(mode="after")
    def _knows_its_parameters(self) -> "Procedure":
        used: set[str] = set()
        for place, step in enumerate(self.steps):
            names = placeholders_of(step.words)
            used |= names
            _known_parameters(names, self.parameters, ("steps", place))
        for name, question in self.tree.items():
            names = placeholders_of((*question.look, *(() if question.check is None else question.check.command)))
            used |= names
            _known_parameters(names, self.parameters, ("tree", name))
        for name in self.parameters:
            if name not in used:
                raise refusal(
                    f"nothing uses the parameter {name}", f"write {{{name}}}, or remove it", ("parameters", name)
                )
        return self

    @model_validator(mode="after")
    def _tree_is_whole(self) -> "Procedure":
        if (self.first is None) != (not self.tree):
            raise refusal("first and tree belong together", "write both, or neither", ("first",))
        if self.first is not None and self.first not in self.tree:
            raise refusal(f"there is no question {self.first}", f"write one of {', '.join(self.tree)}", ("first",))
        starts = [self.first, *(step.trouble for step in self.steps)]
        for place, step in enumerate(self.steps):
            if step.trouble is not None and step.trouble not in self.tree:
                fix = f"write one of {', '.join(self.tree)}" if self.tree else "add it to tree"
                raise refusal(f"there is no question {step.trouble}", fix, ("steps", place, "trouble"))
        come_to = frozenset(name for start in starts if start for name in reached(self.tree, start))
        for name, question in self.tree.items():
            if name not in come_to:
                raise refusal(f"no way leads to the question {name}", "let an answer lead to it", ("tree", name))
            self._leads_somewhere(name, question)
        round_about = next((found for start in starts if start and (found := circle(self.tree, start))), ())
        if round_about:
            raise refusal(f"{' -> '.join(round_about)} goes round in a circle", "let one answer end", ("tree",))
        return self

    def _leads_somewhere(self, name: str, question: Question) -> None:
        for answer, target in question.answers.items():
            at = ("tree", name, "answers", answer)
            if target.question is not None and target.question not in self.tree:
                fix = f"write one of {', '.join(self.tree)}"
                raise refusal(f"there is no question {target.question}", fix, (*at, "question"))
            if target.step is not None and self.step_of(target.step) is None:
                fix = f"write one of {', '.join(one.id for one in self.steps)}"
                raise refusal(f"there is no step {target.step}", fix, (*at, "step"))


def _known_parameters(names: frozenset[str], known: dict[str, Parameter], at: tuple[str | int, ...]) -> None:
    for name in sorted(names):
        if name not in known:
            fix = f"write one of {', '.join(known)}, or add it to parameters" if known else "add it to parameters"
            raise refusal(f"there is no parameter {name}", fix, at)
