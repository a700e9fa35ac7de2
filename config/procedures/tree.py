"""The tree of questions of a procedure: what is looked at or asked, and where each answer leads."""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field, model_validator

from config.escalation.on_call import Name
from config.model import Model, refusal
from config.procedures.check import ExitCheck, HealthCheck, JsonCheck, Look, as_question

YES, NO, UNKNOWN = "yes", "no", "unknown"
LOOKED_AT = (YES, NO, UNKNOWN)
"""What a check can say: also that nobody could look, which is neither."""


class Target(Model):
    """Where an answer leads: another question, a step of this procedure, another procedure, or a person to call.

    Exactly one of them; without any, what ``say`` says is the end. say: what it means, for whoever reads it.
    """

    question: Name | None = None
    step: Name | None = None
    procedure: Name | None = None
    call: Name | None = None
    say: str = Field(default="", max_length=500)

    @model_validator(mode="after")
    def _one_place(self) -> "Target":
        places = [one for one in (self.question, self.step, self.procedure, self.call) if one is not None]
        if len(places) > 1:
            raise refusal("this leads to several places", "keep one of question, step, procedure and call")
        if not places and not self.say:
            raise refusal("this leads nowhere", "write question, step, procedure or call, or say what to do")
        return self


class Question(Model):
    """ask: in words. look with check: answered by the program, as yes, no or unknown; without: by a person.

    answers: by what is answered. The mark at the end of ask may be left out.
    """

    ask: str = Field(min_length=1, max_length=300)
    look: Look = ()
    check: Annotated[ExitCheck | JsonCheck | HealthCheck, Field(discriminator="kind")] | None = None
    answers: dict[Annotated[str, Field(min_length=1, max_length=60)], Target] = Field(min_length=2, max_length=10)

    @property
    def asked(self) -> str:
        """As it is asked."""
        return as_question(self.ask)

    @model_validator(mode="after")
    def _is_answered(self) -> "Question":
        if self.look and self.check is None:
            raise refusal("nothing says how what is looked at answers it", "write check", ("look",))
        if self.check is None:
            return self
        if not self.look and not self.check.command:
            raise refusal("nothing is looked at", "write look, or a health check", ("check",))
        if isinstance(self.check, JsonCheck) and not self.check.command and "--json" not in self.look:
            raise refusal("this command prints no JSON document", "add --json", ("look",))
        missing = [answer for answer in LOOKED_AT if answer not in self.answers]
        if missing or len(self.answers) > len(LOOKED_AT):
            what = f"a look is answered by yes, no or unknown, not by {', '.join(self.answers)}"
            raise refusal(what, "write these three, also for when nobody could look", ("answers",))
        return self


Tree = Mapping[str, Question]


def reached(tree: Tree, start: str) -> frozenset[str]:
    """Every question that can be come to."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in seen or name not in tree:
            continue
        seen.add(name)
        waiting += next_questions(tree[name])
    return frozenset(seen)


def circle(tree: Tree, start: str) -> tuple[str, ...]:
    """Questions that lead back to the first of them; empty when every way ends."""

    def walk(name: str, way: tuple[str, ...]) -> tuple[str, ...]:
        if name in way:
            return way[way.index(name) :]
        if name not in tree:
            return ()
        found = (walk(after, (*way, name)) for after in next_questions(tree[name]))
        return next((one for one in found if one), ())

    return walk(start, ())


def next_questions(question: Question) -> Iterator[str]:
    """Those that an answer leads to."""
    return (target.question for target in question.answers.values() if target.question is not None)
