"""Makes an experiment's report of what was counted: intervals, verdicts, and how much is still needed."""

from msgspec.structs import replace

from remediation.flags.experiments.counts import VariantCounts
from remediation.flags.experiments.difference import Difference, threshold
from remediation.flags.experiments.findings import (
    ComparisonReport,
    FlagReport,
    Range,
    SampleRatioReport,
    VariantReport,
    Verdict,
)
from remediation.flags.experiments.needed import LEARNING, NEVER, payments_to_see
from remediation.flags.experiments.outcomes import ALPHA, METRICS, POWER, Judged
from remediation.flags.experiments.ratio import interval_of
from remediation.flags.experiments.run import Run
from remediation.flags.experiments.words import comparison_words, report_words, sample_ratio_words

MICROCENTS_PER_CENT = 1_000_000
CENTS_PER_100 = 10_000
P99 = 0.99


def report_of(run: Run, not_compared: str = "") -> FlagReport:
    """Everything about a run. not_compared: why customers are not drawn now."""
    needed = threshold(ALPHA, len(run.pairs) * len(METRICS))
    comparisons = tuple(
        _comparison(run, variant, judged, difference, needed)
        for variant, pair in run.pairs.items()
        for judged, difference in zip(METRICS, pair.differences, strict=True)
    )
    sample_ratio = _sample_ratio(run)
    verdict = _verdict(run, comparisons, sample_ratio)
    return FlagReport(
        flag=run.flag,
        started_ms=run.started_ms,
        ended_ms=run.ended_ms,
        verdict=verdict,
        words=report_words(verdict, run.split.control, comparisons, sample_ratio),
        not_compared=not_compared,
        variants=tuple(_variant(run, variant, counts) for variant, counts in run.counts.items()),
        comparisons=comparisons,
        sample_ratio=sample_ratio,
        unnamed=run.unnamed,
    )


def _verdict(run: Run, comparisons: tuple[ComparisonReport, ...], sample_ratio: SampleRatioReport) -> Verdict:
    if not any(counts.payments for counts in run.counts.values()):
        return Verdict.NO_DATA
    if sample_ratio.is_wrong:
        return Verdict.MISMATCH
    told = {one.verdict for one in comparisons}
    if {Verdict.WORSE, Verdict.BETTER} <= told:
        return Verdict.MIXED
    for one in (Verdict.WORSE, Verdict.BETTER):
        if one in told:
            return one
    return Verdict.ALIKE if told == {Verdict.ALIKE} else Verdict.UNDECIDED


def _comparison(
    run: Run, variant: str, judged: Judged, difference: Difference, needed_evidence: float
) -> ComparisonReport:
    seen = difference.seen
    ratio = seen.new_bad / seen.new if seen.new else None
    control_ratio = seen.old_bad / seen.old if seen.old else None
    left = difference.interval(needed_evidence)
    interval = None if left is None else Range(low=left.low, high=left.high)
    told = ComparisonReport(
        variant=variant,
        control=run.split.control,
        metric=judged.metric,
        verdict=_judged(judged, difference, interval, needed_evidence),
        words="",
        ratio=ratio,
        control_ratio=control_ratio,
        difference=difference.estimate,
        interval=interval,
        evidence=min(difference.evidence / needed_evidence, 1.0),
        matters=judged.matters,
        customers=seen.new + seen.old,
        needed=_needed(run, variant, judged, control_ratio, needed_evidence),
    )
    return replace(told, words=comparison_words(told))


def _judged(judged: Judged, difference: Difference, left: Range | None, needed: float) -> Verdict:
    if not (difference.seen.new and difference.seen.old):
        return Verdict.NO_DATA
    estimate = difference.estimate
    if difference.evidence >= needed and estimate is not None:
        return Verdict.BETTER if (estimate > 0) is judged.more_is_better else Verdict.WORSE
    if left is not None and -judged.matters < left.low and left.high < judged.matters:
        return Verdict.ALIKE
    return Verdict.UNDECIDED


def _needed(run: Run, variant: str, judged: Judged, control_ratio: float | None, evidence: float) -> int:
    """First payments of both until a difference that matters, for the worse, would have been told."""
    shares = run.split.shares
    both = shares[variant] + shares[run.split.control]
    if control_ratio is None or both <= 0:
        return NEVER
    worse = control_ratio + (-judged.matters if judged.more_is_better else judged.matters)
    return payments_to_see(control_ratio, worse, shares[variant] / both, evidence + LEARNING, POWER)


def _sample_ratio(run: Run) -> SampleRatioReport:
    state = run.sample_ratio.state
    came = sum(state.counts.values())
    expected = {variant: share * came for variant, share in state.shares.items()}
    wrong = run.sample_ratio.is_wrong
    words = sample_ratio_words(state.counts, expected, is_wrong=wrong)
    return SampleRatioReport(is_wrong=wrong, counts=state.counts, expected=expected, words=words)


def _variant(run: Run, variant: str, counts: VariantCounts) -> VariantReport:
    seen, captured = counts.payments, counts.captured
    cents = counts.cost_microcents / MICROCENTS_PER_CENT
    intervals = {
        judged.metric: interval_of(first, counts.customers, ALPHA)
        for judged, first in zip(METRICS, counts.first, strict=True)
    }
    return VariantReport(
        variant=variant,
        is_control=variant == run.split.control,
        share=run.split.shares.get(variant, 0.0),
        payments=seen,
        conversion=_part(counts.succeeded, seen),
        decline_ratio=_part(counts.declined, seen),
        error_ratio=_part(counts.failed, seen),
        latency_mean_ms=_part(counts.latency_ms, seen),
        latency_p99_ms=run.latency_ms(variant, P99),
        captured=captured,
        cost_cents_per_payment=_part(cents, captured),
        cents_per_100=_part(cents * CENTS_PER_100, counts.captured_cents),
        customers=counts.customers,
        intervals={metric: Range(low=one.low, high=one.high) for metric, one in intervals.items()},
    )


def _part(of: float, seen: int) -> float | None:
    return of / seen if seen else None
