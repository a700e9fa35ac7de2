"""By what a step is seen to have worked: an exit code, a value of a JSON answer, a component's health, or a person."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.model import Model, refusal
from config.procedures.commands import PROGRAM, Nature, nature_of
from config.procedures.placeholders import stray_brace

Comparison = Literal[
    "equals", "differs", "at_most", "at_least", "contains", "count_at_most", "count_at_least", "present", "absent"
]
WITHOUT_VALUE = ("present", "absent")
ARE_NUMBERS = ("at_most", "at_least", "count_at_most", "count_at_least")
JSON_OPTION = "--json"
_PATH = r"^[A-Za-z0-9_*-]+(\.[A-Za-z0-9_*-]+)*$"


def _of_ours(words: tuple[str, ...]) -> tuple[str, ...]:
    if words and words[0] != PROGRAM:
        raise refusal(f"{words[0]!r:.60} is no command of {PROGRAM}", f"begin with {PROGRAM}, or say it in do")
    if len(words) == 1:
        raise refusal(f"{PROGRAM} alone does nothing", "write the command behind it")
    brace = stray_brace(words)
    if brace:
        raise refusal(
            f"{brace!r:.60} has a brace that belongs to no parameter",
            "write {name}, in lower-case letters, or no brace",
        )
    return words


def _looking(words: tuple[str, ...]) -> tuple[str, ...]:
    if words and nature_of(words) is not Nature.LOOKS:
        fix = "name a command that changes nothing, or add --dry-run where it has that"
        raise refusal(f"{' '.join(words[:3])} changes something, and a check only looks", fix)
    return words


Command = Annotated[
    tuple[str, ...],
    Field(
        strict=False,
        max_length=40,
        description="The program's name and its words, each as it is; {name} is a parameter",
        examples=[["tillwatch", "flags", "kill", "instant-payouts", "--reason", "{reason}", "--force"]],
    ),
    AfterValidator(_of_ours),
]
Look = Annotated[Command, AfterValidator(_looking)]


class ExitCheck(Model):
    """The exit code is one of these. command: what is asked instead of the step's own command."""

    kind: Literal["exit"] = "exit"
    codes: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(default=(0,), strict=False, max_length=10)
    command: Look = ()


class JsonCheck(Model):
    """A value of the JSON document that the command prints compares so. A path that leads nowhere is no data: not so.

    path: names and places with dots between them; ``*`` is every entry, and all of them have to compare so.
    command: what is asked instead of the step's own command.
    """

    kind: Literal["json"]
    path: str = Field(max_length=200, pattern=_PATH, examples=["components.0.status"])
    compare: Comparison = "equals"
    value: str | int | bool | None = None
    command: Look = ()

    @model_validator(mode="after")
    def _has_what_it_compares_with(self) -> "JsonCheck":
        if (self.value is None) != (self.compare in WITHOUT_VALUE):
            what = f"{self.compare} has {'no value' if self.value is None else 'a value'}"
            fix = "write value" if self.value is None else "leave value out"
            raise refusal(what, fix, ("value",))
        if self.compare in ARE_NUMBERS and (isinstance(self.value, bool) or not isinstance(self.value, int)):
            raise refusal(f"{self.value!r:.40} is no whole number", "write one, such as 0", ("value",))
        if self.command and JSON_OPTION not in self.command:
            raise refusal("this command prints no JSON document", f"add {JSON_OPTION}", ("command",))
        return self


class HealthCheck(Model):
    """A component is at least so well, probed at that moment."""

    kind: Literal["health"]
    component: str = Field(max_length=60, pattern=r"^[a-z][a-z0-9-]*$", examples=["database"])
    at_least: Literal["healthy", "degraded"] = "healthy"

    @property
    def command(self) -> tuple[str, ...]:
        """What is asked."""
        return (PROGRAM, "health", "--component", self.component, JSON_OPTION)


class AnswerCheck(Model):
    """A person says so. accept: the answers after which it goes on; any other one is a failure.

    question: the mark at its end may be left out.
    """

    kind: Literal["answer"]
    question: str = Field(min_length=1, max_length=300)
    accept: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(strict=False)] = ("yes",)

    @property
    def asked(self) -> str:
        """As it is asked."""
        return as_question(self.question)

    @property
    def command(self) -> tuple[str, ...]:
        """Nothing is asked of the program."""
        return ()


Check = Annotated[ExitCheck | JsonCheck | HealthCheck | AnswerCheck, Field(discriminator="kind")]


def as_question(text: str) -> str:
    """The text with a question mark at its end: in a file one costs a slow parser, since it may begin a key."""
    return text if text.endswith("?") else f"{text}?"


def asks_itself(check: ExitCheck | JsonCheck | HealthCheck | AnswerCheck) -> bool:
    """Whether it can be made without doing the step once more."""
    return isinstance(check, HealthCheck | AnswerCheck) or bool(check.command)
