"""What an act is: a name, a role, fields, what it would do, and how it is done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from config.settings import Role
from daemon.http.options import HttpOptions
from daemon.http.sessions.authority import Principal
from daemon.view.shape import SystemView
from remediation.guardrails.approvals import digest_of
from remediation.state import State

VALUE_LENGTH_MAX = 500
"""Characters of one field."""
REASON = "reason"
"""The field that every act has; the journal keeps it beside the name."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What acts are looked at and done on."""

    options: HttpOptions
    view: SystemView

    @property
    def state(self) -> State:
        """What the journal says."""
        return self.view.state()

    @property
    def now_ms(self) -> int:
        """The daemon's clock."""
        return self.view.now_ms()


@dataclass(frozen=True, slots=True)
class Asked:
    """One wish of a person. values: of the act's fields, each there, empty when it was left so."""

    values: Mapping[str, str]
    by: Principal
    reason: str = ""

    def __getitem__(self, name: str) -> str:
        return self.values[name]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of an act at this moment, by the code that does it; nothing was changed.

    would: what is done, line by line. refusal: why nothing would be done, empty when it would. asks: whom it waits for
    before it is done. notes: what else there is to know. bound: what the answer rests on beside all that; when it is
    another by the time that somebody says yes, it is shown again and not done. quote: words of many lines that would
    be read outside, exactly as they would be.
    """

    would: tuple[str, ...] = ()
    refusal: str = ""
    asks: str = ""
    notes: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an act. words: for the person who asked. refusal: why nothing was done; empty when it was."""

    words: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that an act has to be told. kind ``about``: what the act is about, which its button says.

    kind ``words``: a text of many lines. choices: what may be chosen at this moment, with what each is called.
    begins: what stands in it before somebody has written something. length_max: characters.
    """

    name: str
    label: str = ""
    kind: Literal["about", "text", "number", "choice", "words"] = "about"
    initial: str = ""
    hint: str = ""
    optional: bool = False
    choices: Callable[[Ground, Mapping[str, str]], Mapping[str, str]] | None = None
    begins: Callable[[Ground, Mapping[str, str]], str] | None = None
    length_max: int = VALUE_LENGTH_MAX


Look = Callable[[Ground, Asked], Awaitable[Preview]]
Perform = Callable[[Ground, Asked], Awaitable[Done]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """label: on its button. title: of its dialog, with the names of fields in braces. confirm: on the dialog's button.

    needs: the role. reason: whether one has to be given; ``none``: what is done says itself why. harms: whether it is
    painted as what takes something away.
    """

    name: str
    needs: Role
    label: str
    title: str
    confirm: str
    fields: tuple[Field, ...] = ()
    look: Look
    perform: Perform
    reason: Literal["required", "optional", "none"] = "required"
    harms: bool = False


class Unusable(Exception):
    """What was asked cannot be done at all: why, for the person."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def asked_of(act: Act, told: Mapping[str, str], by: Principal, *, reason: str = "") -> Asked:
    """The wish in these fields; what the act does not know is refused, so that no typing error does less. Unusable."""
    fields = {field.name: field for field in act.fields}
    unknown = sorted(set(told) - set(fields))
    if unknown:
        raise Unusable(f"{act.name} has no field {unknown[0]!r:.60}.")
    # Forms end lines in two characters, scripts in one, and a text is one text.
    given = {name: value.replace("\r\n", "\n").strip() for name, value in told.items()}
    long = next((fields[name] for name, value in given.items() if len(value) > fields[name].length_max), None)
    if long is not None:
        raise Unusable(f"{long.name} has more than {long.length_max} characters.")
    return Asked({field.name: given.get(field.name, field.initial) for field in act.fields}, by, reason)


def missing_of(act: Act, asked: Asked) -> tuple[str, ...]:
    """The labels of the fields that are still to be filled in."""
    return tuple(field.label or field.name for field in act.fields if not field.optional and not asked[field.name])


def number_of(asked: Asked, name: str, least: int, most: int) -> int:
    """A whole number in a field. Raises Unusable."""
    text = asked[name]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise Unusable(f"{name} is a whole number from {least} to {most}.")
    return int(text)


def digest_of_preview(act: Act, asked: Asked, preview: Preview) -> str:
    """What somebody says yes to: the act, its fields, and what it would do as the world is."""
    told = (part for name in sorted(asked.values) for part in (name, asked[name]))
    waits = "waits" if preview.asks else ""
    return digest_of(act.name, *told, *preview.would, preview.quote, preview.refusal, waits, *preview.bound)
