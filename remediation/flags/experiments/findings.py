"""What an experiment says, as it is shown: each variant with its intervals, and each comparison with its error."""

from enum import StrEnum

import msgspec

from remediation.flags.experiments.outcomes import ALPHA, POWER, Metric
from remediation.flags.experiments.sample_ratio import ALPHA as MISMATCH_ALPHA


class Verdict(StrEnum):
    """What can be told. mixed: better in one comparison, worse in another. mismatch: customers do not come as drawn."""

    NO_DATA = "no_data"
    MISMATCH = "mismatch"
    WORSE = "worse"
    BETTER = "better"
    MIXED = "mixed"
    ALIKE = "alike"
    UNDECIDED = "undecided"


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """From low to high, ends included."""

    low: float
    high: float


class VariantReport(msgspec.Struct, frozen=True, kw_only=True):
    """One variant. share: asked for, 0 when nobody is drawn to it. Ratios: 0 to 1; None without any payment.

    Up to cents_per_100 of all payments; costs are those of captured payments with a known price, whatever their mix of
    rails and amounts. customers: whose first payment counts here. intervals: of the ratios of first payments, by
    metric; each holds at any time for a ratio that does not change, with the error of the report.
    """

    variant: str
    is_control: bool
    share: float
    payments: int
    conversion: float | None
    decline_ratio: float | None
    error_ratio: float | None
    latency_mean_ms: float | None
    latency_p99_ms: float | None
    captured: int
    cost_cents_per_payment: float | None
    cents_per_100: float | None
    customers: int
    intervals: dict[str, Range]


class ComparisonReport(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of a variant against the control, over first payments.

    difference: variant less control over the same moments, -1 to 1: not that of the ratios, where shares have changed.
    interval: differences that are not ruled out; None when it was one at one time and another at another.
    evidence: of what it takes to call them different, 0 to 1. customers: of both. needed: of both, about, to tell a
    difference of matters with a probability of power; 0: no number is enough.
    """

    variant: str
    control: str
    metric: Metric
    verdict: Verdict
    words: str
    ratio: float | None
    control_ratio: float | None
    difference: float | None
    interval: Range | None
    evidence: float
    matters: float
    customers: int
    needed: int
    power: float = POWER


class SampleRatioReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether customers come as they are drawn. counts, expected: since the shares are as they are."""

    is_wrong: bool
    counts: dict[str, int]
    expected: dict[str, float]
    words: str
    false_alarm: float = MISMATCH_ALPHA


class FlagReport(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment as of now. not_compared: why its variants cannot be compared now, empty when they are.

    false_alarm: how often its comparisons, all of them together and however often they are looked at, call variants
    different that are alike, at the most. unnamed: payments without a customer, which are in no comparison.
    """

    flag: str
    started_ms: int
    ended_ms: int
    verdict: Verdict
    words: str
    not_compared: str
    variants: tuple[VariantReport, ...]
    comparisons: tuple[ComparisonReport, ...]
    sample_ratio: SampleRatioReport
    unnamed: int
    false_alarm: float = ALPHA
