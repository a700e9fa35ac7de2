"""The sentences of an experiment's report."""

from collections.abc import Sequence

from remediation.flags.experiments.findings import ComparisonReport, Range, SampleRatioReport, Verdict
from remediation.flags.experiments.needed import NEVER
from remediation.flags.experiments.outcomes import METRICS

_CALLED = {judged.metric: judged.called for judged in METRICS}
TOLD = (Verdict.WORSE, Verdict.BETTER)


def comparison_words(one: ComparisonReport) -> str:
    """One comparison: ``payments that fail: on 3.1 %, off 0.6 %, 1.9 to 3.2 points more``."""
    return f"{_CALLED[one.metric]}: {_told(one)}"


def report_words(
    verdict: Verdict, control: str, comparisons: Sequence[ComparisonReport], sample_ratio: SampleRatioReport
) -> str:
    """The whole in a sentence, or one for each difference that was told."""
    match verdict:
        case Verdict.NO_DATA:
            return "no payment has come yet of anybody who was drawn"
        case Verdict.MISMATCH:
            return f"nothing can be told: {sample_ratio.words}"
        case Verdict.ALIKE:
            return f"no difference from {control} that matters, in any comparison"
        case Verdict.UNDECIDED:
            waiting = [one for one in comparisons if one.verdict in {Verdict.UNDECIDED, Verdict.NO_DATA}]
            return max(waiting, key=lambda one: one.needed).words
        case _:
            return "; ".join(one.words for one in comparisons if one.verdict in TOLD)


def sample_ratio_words(counts: dict[str, int], expected: dict[str, float], *, is_wrong: bool) -> str:
    """Who came, and who should have."""
    came = ", ".join(f"{counts[variant]:,} to {variant}" for variant in counts)
    drawn = ", ".join(f"{expected[variant]:,.0f}" for variant in counts)
    if not is_wrong:
        return f"customers come as they are drawn: {came}; expected {drawn}"
    return f"customers do not come as they are drawn: {came}, expected {drawn}; find out who is missing, and why"


def _told(one: ComparisonReport) -> str:
    match one.verdict:
        case Verdict.NO_DATA:
            return f"no payments of both {one.variant} and {one.control} within the same five seconds yet"
        case Verdict.WORSE | Verdict.BETTER:
            return f"{_sides(one)}, {_apart(one.interval)}, so {one.variant} is {one.verdict}"
        case Verdict.ALIKE:
            return f"no difference of {_points(one.matters)} or more, {_between(one.interval)}"
        case _:
            return _waiting(one)


def _waiting(one: ComparisonReport) -> str:
    seen = f"{one.customers:,}"
    if one.needed == NEVER:
        return f"no difference can be told while one variant gets everybody: {seen} payments"
    if one.customers < one.needed:
        return f"no difference can be told yet: {seen} of about {_about(one.needed):,} payments"
    return f"no difference can be told after {seen} payments, {_between(one.interval)}"


def _about(payments: int) -> int:
    """Two digits of it: no more of them mean anything."""
    return round(payments, 2 - len(str(payments)))


def _sides(one: ComparisonReport) -> str:
    return f"{one.variant} {_percent(one.ratio)}, {one.control} {_percent(one.control_ratio)}"


def _apart(interval: Range | None) -> str:
    if interval is None:
        return "by how much has changed with time"
    if interval.low >= 0:
        return f"{interval.low * 100:.2g} to {interval.high * 100:.2g} points more"
    return f"{-interval.high * 100:.2g} to {-interval.low * 100:.2g} points less"


def _between(interval: Range | None) -> str:
    if interval is None:
        return "and what there is has changed with time"
    return f"it is between {interval.low * 100:+.2g} and {interval.high * 100:+.2g} points"


def _points(share: float) -> str:
    return f"{share * 100:g} point{'' if share == 0.01 else 's'}"  # noqa: PLR2004 - one of a hundred


def _percent(ratio: float | None) -> str:
    return "none" if ratio is None else f"{ratio * 100:.2g} %" if ratio < 0.1 else f"{ratio * 100:.1f} %"  # noqa: PLR2004 - two digits that mean something
