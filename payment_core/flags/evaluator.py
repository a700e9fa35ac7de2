"""Flags answered from a compiled document: one lookup for what is static, one function call for a rule."""

import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from payment_core.clock import Clock, SystemClock
from payment_core.flags.document import Flag, Metadata, State, parse
from payment_core.flags.errors import DocumentUnreadable, Problem
from payment_core.flags.targeting.code import UNKNOWN
from payment_core.flags.targeting.coercion import Value
from payment_core.flags.targeting.compiling import Rule, compile_rule
from payment_core.flags.targeting.operators import UnknownOperator


class Reason(StrEnum):
    """Why a flag has its value, in OpenFeature's words."""

    STATIC = "STATIC"
    TARGETING_MATCH = "TARGETING_MATCH"
    DEFAULT = "DEFAULT"
    DISABLED = "DISABLED"
    ERROR = "ERROR"


class ErrorCode(StrEnum):
    """Why a flag has no value, in OpenFeature's words."""

    FLAG_NOT_FOUND = "FLAG_NOT_FOUND"
    PARSE_ERROR = "PARSE_ERROR"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    GENERAL = "GENERAL"


_NOTHING: Final[Metadata] = MappingProxyType({})


class Resolution(NamedTuple):
    """What a flag says. Several contexts share one; do not change it.

    variant: None where the flag has no say: it is disabled, has no default, or there is an error. The value is None
    then, and who asked takes a default. error_code: None unless the reason is ERROR. metadata: the document's and the
    flag's, which goes first. error_message: for people; holds nothing of the context.
    """

    value: Value
    variant: str | None
    reason: Reason
    error_code: ErrorCode | None = None
    metadata: Metadata = _NOTHING
    error_message: str = ""


class _Targeted(NamedTuple):
    """A flag with a rule. answers: by the variant that the rule gives; None is the default's."""

    rule: Rule
    answers: Mapping[str | None, Resolution]
    metadata: Metadata


class _Opened(NamedTuple):
    """A flag ready to answer. written: equal texts mean equal flags."""

    written: str
    answer: Resolution | _Targeted


class Evaluator:
    """Answers flags of one document. It never changes, so that any number of threads may ask it.

    flags: those that could be read, by key. metadata: the document's. problems: everything wrong with the document.
    """

    def __init__(
        self,
        flags: Mapping[str, Flag],
        metadata: Metadata,
        problems: tuple[Problem, ...],
        opened: Mapping[str, _Opened],
        clock: Clock,
    ) -> None:
        self.flags = flags
        self.metadata = metadata
        self.problems = problems
        self._opened = opened
        self._clock = clock
        self._answers = {key: flag.answer for key, flag in opened.items()}

    def resolve(self, key: str, context: Mapping[str, object]) -> Resolution:
        """What the flag says for this context; never raises.

        context: JSON values and datetimes by name; targetingKey is the customer.
        """
        found = self._answers.get(key)
        if isinstance(found, Resolution):
            return found
        if found is None:
            return _failed(ErrorCode.FLAG_NOT_FOUND, self.metadata, f"the document has no flag {key!r}")
        rule, answers, metadata = found
        try:
            variant = rule(context)
            answer = answers.get(variant) if variant is None or variant.__class__ is str else None
            return answer if answer is not None else _by_name(variant, found)
        except UnknownOperator as fault:
            return _failed(ErrorCode.PARSE_ERROR, metadata, str(fault))
        except Exception as fault:  # noqa: BLE001  # whatever a rule does, who asks gets a default and goes on
            what = f"the rule failed on this context: {type(fault).__name__}"
            return _failed(ErrorCode.GENERAL, metadata, what)

    def changed_from(self, other: "Evaluator") -> list[str]:
        """Keys of flags that are new, gone or different, in order."""
        return sorted({key for key, _ in self.written ^ other.written})

    @property
    def written(self) -> frozenset[tuple[str, str]]:
        """Each flag by key, with a text that is another one when the flag is."""
        return frozenset((key, flag.written) for key, flag in self._opened.items())

    def opened(self, key: str, written: str, clock: Clock) -> _Opened | None:
        """The flag if it is this one, compiled for this clock: a new document takes over what it did not change."""
        opened = self._opened.get(key)
        return opened if opened is not None and opened.written == written and self._clock is clock else None


_SYSTEM_CLOCK = SystemClock()


def compile_document(
    document: bytes | Mapping[str, object],
    *,
    lenient: bool = False,
    clock: Clock = _SYSTEM_CLOCK,
    previous: Evaluator | None = None,
) -> Evaluator:
    """Compile a document in flagd's format: JSON in UTF-8, or what JSON was read into.

    lenient: serve what is signed already, where one broken flag must not hold up the kill of another: it answers
    PARSE_ERROR or GENERAL, and the problems are told beside. clock: for rules that ask for the time. previous: what it
    has not changed is taken over. Takes about a millisecond of processor time for each new rule, so not on the loop.
    Raises DocumentUnreadable with every problem; a lenient one only where there are no flags to be found.
    """
    flags, broken, metadata, problems = parse(document)
    if problems and not lenient:
        raise DocumentUnreadable(problems)
    opened = {key: _Opened(why, _failed(ErrorCode.PARSE_ERROR, metadata, why)) for key, why in broken.items()}
    for key, flag in flags.items():
        merged = {**metadata, **flag.metadata}
        written = json.dumps((flag, merged))
        kept = None if previous is None else previous.opened(key, written, clock)
        opened[key] = kept if kept is not None else _Opened(written, _answer(flag, merged, clock))
    return Evaluator(flags, metadata, problems, opened, clock)


def _answer(flag: Flag, metadata: Metadata, clock: Clock) -> Resolution | _Targeted:
    if flag.state is State.DISABLED:
        return Resolution(None, None, Reason.DISABLED, metadata=metadata)
    if flag.targeting is None:
        return _default(flag, metadata, Reason.STATIC)
    compiled = compile_rule(flag.targeting, flag.key, lambda: clock.now_ms() // 1000)
    answers: dict[str | None, Resolution] = {
        name: Resolution(value, name, Reason.TARGETING_MATCH, metadata=metadata)
        for name, value in flag.variants.items()
        if name and value is not None
    }
    answers[None] = _default(flag, metadata, Reason.DEFAULT)
    targeted = _Targeted(compiled.rule, answers, metadata)
    if compiled.always is UNKNOWN:
        return targeted
    return answers[None] if compiled.always is None else _by_name(compiled.always, targeted)


def _default(flag: Flag, metadata: Metadata, reason: Reason) -> Resolution:
    """The default variant; without one there is nothing to say, which OpenFeature calls DEFAULT."""
    name = flag.default_variant
    if name is None:
        return Resolution(None, None, Reason.DEFAULT, metadata=metadata)
    if name not in flag.variants:
        return _failed(ErrorCode.GENERAL, metadata, f"the default variant {name!r} does not exist")
    return Resolution(flag.variants[name], name, reason, metadata=metadata)


def _by_name(variant: Value, targeted: _Targeted) -> Resolution:
    """What a rule means by a value that is no text: its name. Says nothing of it, it may be the customer's."""
    name = str(variant).lower() if isinstance(variant, bool) else str(variant)
    answer = targeted.answers.get(name)
    return answer if answer is not None else _failed(ErrorCode.GENERAL, targeted.metadata, "the rule gave no variant")


def _failed(code: ErrorCode, metadata: Metadata, what: str) -> Resolution:
    return Resolution(None, None, Reason.ERROR, code, metadata, what)
