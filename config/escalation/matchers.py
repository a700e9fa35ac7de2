"""Conditions on the labels of an incident, as an operator writes them: ``severity=critical``, ``region!~us-.*``."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from config.model import refusal

MATCHERS_MAX = 20
VALUE_LENGTH_MAX = 200
_WRITTEN = re.compile(r"\s*([a-z][a-z0-9_]{0,39})\s*(=~|!~|!=|=)\s*(.*?)\s*", re.ASCII | re.DOTALL)
_REPEATED = re.compile(r"(?<!\\)[*+{]")
_REPEATED_GROUP = re.compile(r"\)\s*[*+{]")
REPEATS_MAX = 3
"""A label has at most some 200 characters, so that three repeats are tried in well under a second."""


class MatcherUnusable(ValueError):
    """A condition on labels cannot be read."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """name: a label; one that an incident lacks is empty. negated: ``!=``, ``!~``. pattern: None for equality."""

    name: str
    value: str
    negated: bool
    pattern: re.Pattern[str] | None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the condition holds; a pattern has to match all of the label."""
        has = labels.get(self.name, "")[:VALUE_LENGTH_MAX]
        same = has == self.value if self.pattern is None else self.pattern.fullmatch(has) is not None
        return same != self.negated


@lru_cache(maxsize=1024)
def matcher(text: str) -> Matcher:
    """Read one condition. Raises MatcherUnusable."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise MatcherUnusable(f"{text!r:.80} is no condition: write a label, one of = != =~ !~, and a value")
    name, operator, value = found.groups()
    if len(value) > VALUE_LENGTH_MAX:
        raise MatcherUnusable(f"the value of {name} has more than {VALUE_LENGTH_MAX} characters")
    return Matcher(name, value, operator.startswith("!"), _pattern(value) if operator.endswith("~") else None)


def all_match(texts: Iterable[str], labels: Mapping[str, str]) -> bool:
    """Whether every condition holds. Raises MatcherUnusable."""
    return all(matcher(text).matches(labels) for text in texts)


def check_matchers(texts: Iterable[str]) -> None:
    """Raises MatcherUnusable when one cannot be read, or together they match everything that has no labels at all."""
    read = [matcher(text) for text in texts]
    if len(read) > MATCHERS_MAX:
        raise MatcherUnusable(f"more than {MATCHERS_MAX} conditions")
    if all(one.matches({}) for one in read):
        raise MatcherUnusable("these conditions hold for everything: name at least one label that has to have a value")


def _pattern(value: str) -> re.Pattern[str]:
    if len(_REPEATED.findall(value)) > REPEATS_MAX or _REPEATED_GROUP.search(value):
        raise MatcherUnusable(
            f"{value!r:.80} repeats a group, or more than {REPEATS_MAX} times; matching it may take for ever"
        )
    try:
        return re.compile(value)
    except re.error as fault:
        raise MatcherUnusable(f"{value!r:.80} is no regular expression: {fault}") from fault


def some(values: tuple[object, ...]) -> tuple[object, ...]:
    """Refuse an empty list; as a limit of length it would be said of one too whose only entry is wrong."""
    if not values:
        raise refusal("this is empty", "write at least one entry, or remove it")
    return values


def _readable(text: str) -> str:
    try:
        matcher(text)
    except MatcherUnusable as fault:
        raise refusal(str(fault), "write severity=critical, or environment=~blue|green") from fault
    return text


MatcherText = Annotated[
    str,
    Field(
        max_length=300,
        description="A label of an incident, one of = != =~ !~, and a value; patterns match all of it",
        examples=["severity=critical"],
    ),
    AfterValidator(_readable),
]
Matchers = Annotated[tuple[MatcherText, ...], Field(strict=False, max_length=MATCHERS_MAX), AfterValidator(some)]
