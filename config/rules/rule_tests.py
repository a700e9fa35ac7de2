"""The shape of a file of rule tests: facts in compact notation, and what rules say about them at which time."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from config.model import Duration, Hold, Model, refusal

Value = str | int | float | bool
"""What a field of a fact may be; ``{n}`` in text becomes the fact's number in its series, from 0."""

# A length that pydantic checks is also missed where every entry has a mistake of its own.
_SOME: dict[str, JsonValue] = {"minItems": 1}

Offset = Annotated[Hold, Field(description="Time after the test begins, written with a unit", examples=["30s"])]
Percent = Annotated[
    str,
    Field(pattern=r"^\d{1,3}(\.\d{1,6})?%$", description="A share of all facts of the series", examples=["5%"]),
]


class Share(Model):
    """So many of a series' facts have these fields."""

    share: Percent
    with_fields: dict[str, Value] = Field(alias="with", examples=["{outcome: failed}"])

    @property
    def exact(self) -> Fraction:
        """The share out of 1."""
        return Fraction(self.share.removesuffix("%")) / 100


class Ramp(Model):
    """A number that goes evenly from one value, at the first fact, to another, at the last."""

    first: float = Field(alias="from", examples=[100])
    last: float = Field(alias="to", examples=[3000])


class Series(Model):
    """One fact at a time, or one every so often for so long.

    facts: their kind. with: fields that all have. shares: fields that a share of them has, spread as evenly as can be,
    or drawn at random when there is a seed. in_turn: values that the facts take one after the other, over and over.
    """

    facts: str = Field(min_length=1, examples=["payment.attempted"])
    at: Offset = 0.0
    every: Duration | None = None
    lasting: Duration | None = Field(default=None, alias="for")
    with_fields: dict[str, Value] = Field(default_factory=dict, alias="with", max_length=40)
    shares: tuple[Share, ...] = Field(default=(), strict=False, max_length=40)
    in_turn: dict[str, Annotated[tuple[Value, ...], Field(strict=False, min_length=1, max_length=10_000)]] = Field(
        default_factory=dict, max_length=10
    )
    ramp: dict[str, Ramp] = Field(default_factory=dict, max_length=10)
    seed: int | None = None

    @property
    def size(self) -> int:
        """How many facts it has."""
        if self.every is None or self.lasting is None:
            return 1
        return max(1, int(Fraction(str(self.lasting)) / Fraction(str(self.every))))

    @model_validator(mode="after")
    def _a_series_has_a_beat_and_an_end(self) -> "Series":
        if (self.every is None) != (self.lasting is None):
            missing, given = ("for", "every") if self.lasting is None else ("every", "for")
            raise refusal(f"{given} says nothing without {missing}", f"add {missing}: 60s, or remove {given}", (given,))
        return self

    @model_validator(mode="after")
    def _shares_are_a_whole(self) -> "Series":
        total = sum((one.exact for one in self.shares), Fraction(0))
        if self.shares and total != 1:
            what = f"the shares make {total * 100!s} %" if total.denominator == 1 else "the shares do not make a whole"
            raise refusal(what, "let them add up to 100%", ("shares",))
        return self


class ExpectedFinding(Model):
    """What is expected of the keys with these values; fields of the key that are left out may have any value.

    ``pending`` is beyond the limit and not yet for as long as the rule's ``for``.
    """

    key: dict[str, str] = Field(default_factory=dict, max_length=4)
    state: Literal["breached", "pending", "no_data", "cleared"] = "breached"


class Expectation(Model):
    """What rules say at one time. Every key that fires then has to be listed: none listed means that nothing fires.

    rule: the rule that is asked; empty: all rules, and none may fire.
    """

    at: Offset
    rule: str = ""
    findings: tuple[ExpectedFinding, ...] = Field(default=(), strict=False, max_length=200)

    @model_validator(mode="after")
    def _findings_are_of_a_rule(self) -> "Expectation":
        if self.findings and not self.rule:
            raise refusal("these findings are of no rule", "add rule: with its id", ("findings",))
        return self


class RuleTest(Model):
    """Facts, and what is expected of the rules while they come. tick: how often the rules are told the time."""

    name: str = Field(min_length=1, max_length=200, examples=["a canary that fails one in twenty is seen"])
    tick: Duration = 1.0
    input: tuple[Series, ...] = Field(strict=False, max_length=200)
    expect: tuple[Expectation, ...] = Field(strict=False, max_length=200, json_schema_extra=_SOME)

    @model_validator(mode="after")
    def _something_is_expected(self) -> "RuleTest":
        if not self.expect:
            raise refusal("nothing is expected, so this tests nothing", "write {at: 1m}: no rule fires", ("expect",))
        return self

    @property
    def size(self) -> int:
        """How many facts all series have."""
        return sum(series.size for series in self.input)

    @property
    def seconds(self) -> float:
        """When the last expectation is due."""
        return max(expectation.at for expectation in self.expect)


class RuleTestFile(Model):
    """One file; rule_files: relative to it, and the rules of ``--config`` or the packaged ones when none is named."""

    rule_files: tuple[str, ...] = Field(default=(), strict=False, max_length=100)
    tests: tuple[RuleTest, ...] = Field(strict=False, max_length=500, json_schema_extra=_SOME)

    @model_validator(mode="after")
    def _there_are_tests(self) -> "RuleTestFile":
        if not self.tests:
            raise refusal("there are no tests", "write one with name, input and expect", ("tests",))
        return self


def matches(expected: Mapping[str, str], key: Mapping[str, str]) -> bool:
    """Whether a key has every expected value."""
    return all(key.get(name) == value for name, value in expected.items())
