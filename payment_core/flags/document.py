"""A flag document in flagd's format as its flags, or everything that is wrong with it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from config.loading.suggest import closest, listed
from payment_core.flags.checking import RuleCheck, unserved
from payment_core.flags.errors import DocumentUnreadable, Problem
from payment_core.flags.targeting.coercion import Value
from payment_core.flags.targeting.references import REFERENCE, Expansion, NotExpanded

BYTES_MAX = 1024 * 1024
"""A thousand flags with rules have half of it; what travels is held smaller still by its envelope."""
_FIELDS = ("state", "variants", "defaultVariant", "targeting", "metadata")
_TOLD_BY_SOURCES = ("source", "selector")
"""flagd adds these to what it passes on."""
_TOP = ("flags", "$evaluators", "metadata", "$schema")
_KINDS: Mapping[type, str] = {
    bool: "boolean",
    str: "string",
    int: "number",
    float: "number",
    dict: "object",
    list: "list",
    type(None): "null",
}

Metadata = Mapping[str, str | int | float | bool]


class State(StrEnum):
    """Whether a flag has a say."""

    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


class Flag(NamedTuple):
    """One flag as it stands in the document.

    variants: values of one JSON type by name. default_variant: None leaves the value to who asks. targeting: its rule
    in JsonLogic with shared rules put in, None when it has none. metadata: its own, without the document's.
    """

    key: str
    state: State
    variants: Mapping[str, Value]
    default_variant: str | None
    targeting: Mapping[str, Value] | None
    metadata: Metadata


class Parsed(NamedTuple):
    """A document. broken: flags that cannot be read, with the reason. problems: everything wrong with it."""

    flags: Mapping[str, Flag]
    broken: Mapping[str, str]
    metadata: Metadata
    problems: tuple[Problem, ...]


def parse(document: bytes | Mapping[str, object]) -> Parsed:
    """Read a document: JSON in UTF-8, or what JSON was read into. Raises DocumentUnreadable without flags.

    Source: https://flagd.dev/reference/flag-definitions/. It is trusted: who may sign one may make it slow.
    """
    content, problems = _content(document)
    flags = content.get("flags")
    if not isinstance(flags, dict):
        raise DocumentUnreadable([Problem("flags", "there are none", 'write {"flags": {...}}, by key')])
    problems.extend(_unknown(content, _TOP, "document"))
    evaluators = content.get("$evaluators")
    if not isinstance(evaluators, dict | None):
        problems.append(Problem("$evaluators", f"a {_kind(evaluators)}", "write shared rules by name in an object"))
    shared = evaluators if isinstance(evaluators, dict) else {}
    checks = RuleCheck(shared)
    problems.extend(_of_shared(shared, checks))
    metadata, wrong = _metadata(content.get("metadata"), "metadata")
    problems.extend(wrong)
    reader = _FlagReader(checks, Expansion(shared))
    for key, raw in flags.items():
        reader.read(key, raw)
    return Parsed(reader.flags, reader.broken, metadata, (*problems, *reader.problems))


class _FlagReader:
    """Reads one flag after the other."""

    def __init__(self, checks: RuleCheck, expansion: Expansion) -> None:
        self._checks = checks
        self._expansion = expansion
        self.flags: dict[str, Flag] = {}
        self.broken: dict[str, str] = {}
        self.problems: list[Problem] = []

    def read(self, key: str, raw: Value) -> None:
        """Keep the flag, or why it cannot be read; and everything wrong with it."""
        place = f"flags.{key}"
        faults = list(_shape(raw, place))
        if faults:
            self._refuse(key, faults)
            return
        targeting = raw.get("targeting")
        try:
            expanded = self._expansion.of(targeting) if targeting else None
        except NotExpanded as fault:
            self._refuse(key, [_not_expanded(f"{place}.targeting", fault)])
            return
        flag = Flag(
            key=key,
            state=State(raw["state"]),
            variants=raw["variants"],
            default_variant=_variant_name(raw.get("defaultVariant")),
            targeting=expanded,
            metadata=_metadata(raw.get("metadata"), place)[0],
        )
        self.flags[key] = flag
        self.problems.extend(_of_variants(flag, place))
        if expanded is not None:
            self.problems.extend(self._checks.problems(targeting, f"{place}.targeting"))
            self.problems.extend(unserved(targeting, f"{place}.targeting", flag.variants))

    def _refuse(self, key: str, faults: Sequence[Problem]) -> None:
        self.broken[key] = str(faults[0])
        self.problems.extend(faults)


def _content(document: bytes | Mapping[str, object]) -> tuple[dict[str, Value], list[Problem]]:
    """What the JSON holds, always newly read; and keys that occur twice in one object."""
    repeated: list[Problem] = []

    def once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in found if keys.count(key) > 1)
            repeated.append(Problem("document", f"the key {twice!r} occurs twice in one object", "take one out"))
        return found

    try:
        text = document.decode() if isinstance(document, bytes) else json.dumps(document, allow_nan=False)
        if len(text) > BYTES_MAX:
            raise DocumentUnreadable([Problem("document", f"more than {BYTES_MAX} bytes", "split the flags")])
        content = json.loads(text, object_pairs_hook=once, parse_constant=_no_number)
    except (ValueError, TypeError, RecursionError) as fault:
        what = "too deep" if isinstance(fault, RecursionError) else f"no JSON in UTF-8: {fault}"
        raise DocumentUnreadable([Problem("document", what, "write one JSON object")]) from None
    if not isinstance(content, dict):
        raise DocumentUnreadable([Problem("document", f"a {_kind(content)}", "write one JSON object")])
    return content, repeated


def _no_number(name: str) -> Value:
    raise ValueError(f"{name} is no number of JSON")


def _of_shared(shared: Mapping[str, Value], checks: RuleCheck) -> Iterator[Problem]:
    """What is wrong with the rules that flags share, whether one refers to them or not."""
    expansion = Expansion(shared)
    for name, logic in shared.items():
        place = f"$evaluators.{name}"
        try:
            expansion.of({REFERENCE: name})
        except NotExpanded as fault:
            yield _not_expanded(place, fault)
        else:
            yield from checks.problems(logic, place)


def _shape(raw: Value, place: str) -> Iterator[Problem]:
    """Why a flag cannot be read at all."""
    if not isinstance(raw, dict):
        yield Problem(place, f"a {_kind(raw)}", f"write an object with {listed(_FIELDS)}")
        return
    yield from _unknown(raw, (*_FIELDS, *_TOLD_BY_SOURCES), place)
    if raw.get("state") not in list(State):
        yield Problem(f"{place}.state", f"{raw.get('state')!r}", f"write {' or '.join(State)}")
    if not isinstance(raw.get("variants"), dict) or not raw["variants"]:
        yield Problem(f"{place}.variants", "there are none", 'write values by name: {"on": true, "off": false}')
    if not isinstance(raw.get("defaultVariant"), str | bool | None):
        yield Problem(f"{place}.defaultVariant", f"a {_kind(raw['defaultVariant'])}", "write the name of a variant")
    if raw.get("targeting") and not isinstance(raw["targeting"], dict):
        yield Problem(f"{place}.targeting", f"a {_kind(raw['targeting'])}", 'write a rule: {"if": [...]}')
    yield from _metadata(raw.get("metadata"), f"{place}.metadata")[1]


def _of_variants(flag: Flag, place: str) -> Iterator[Problem]:
    """What a flag that can be read could never answer well."""
    kinds = {_kind(value) for value in flag.variants.values()}
    if len(kinds) > 1:
        yield Problem(f"{place}.variants", f"values of several types: {listed(sorted(kinds))}", "use one type")
    elif kinds == {"null"}:
        yield Problem(f"{place}.variants", "null is no value", "give each variant one")
    if "" in flag.variants:
        yield Problem(f"{place}.variants", "a variant without a name", "give it one")
    if flag.default_variant is not None and flag.default_variant not in flag.variants:
        fix = f"use one of {listed([*map(repr, flag.variants)])}"
        yield Problem(f"{place}.defaultVariant", f"{flag.default_variant!r} is no variant", fix)


def _metadata(raw: Value, place: str) -> tuple[Metadata, list[Problem]]:
    """The metadata that can be read, and what is wrong with it."""
    if raw is None:
        return {}, []
    if not isinstance(raw, dict):
        return {}, [Problem(place, f"a {_kind(raw)}", "write texts, numbers and booleans by name")]
    good = {key: value for key, value in raw.items() if key and isinstance(value, str | int | float | bool)}
    wrong = [
        Problem(f"{place}.{key}", f"a {_kind(value)}" if key else "no name", "write a text, a number or a boolean")
        for key, value in raw.items()
        if key not in good
    ]
    return good, wrong


def _unknown(raw: Mapping[str, Value], known: Sequence[str], place: str) -> Iterator[Problem]:
    for key in raw:
        if key not in known:
            likely = closest(key, known)
            fix = f"did you mean {likely!r}?" if likely is not None else f"it takes {listed(known)}"
            yield Problem(f"{place}.{key}", "unknown", fix)


def _not_expanded(place: str, fault: NotExpanded) -> Problem:
    what, _, fix = str(fault).partition("; ")
    return Problem(place, what, fix)


def _variant_name(default: str | bool | None) -> str | None:  # noqa: FBT001  # a variant may be named true
    if isinstance(default, bool):
        return str(default).lower()
    return default if default else None


def _kind(value: Value) -> str:
    return _KINDS[type(value)]
