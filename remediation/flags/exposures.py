"""Counts payments by what their customers were exposed to: runs of experiments, and steps of ramps; pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from checks.facts import Fact, PaymentAttempted, PaymentCaptured
from remediation.flags.captures import Captures
from remediation.flags.document import Document, base_of, document_of
from remediation.flags.experiments.findings import FlagReport
from remediation.flags.experiments.report import report_of
from remediation.flags.experiments.run import Run, RunState
from remediation.flags.experiments.splits import NoSplit, Split, split_of
from remediation.flags.model import FlagChange
from remediation.flags.ramp_gates import RampPolicy
from remediation.flags.state import FlagBook
from remediation.flags.step_watch import RampReadings, StepState, StepWatch

EXPERIMENTS_MAX = 8
"""Experiments that payments name, the first ones by name; `payment_core.flags.serving` has the same number."""
RUNS_MAX = 32
"""Runs that are known, those that have ended included; the oldest that ended goes first."""
KILLED = "the flag is killed"
CROWDED_OUT = f"payments name {EXPERIMENTS_MAX} experiments, and as many come before this one by name"
NOT_WANTED = "it is no experiment any more"

Policies = Callable[[str], RampPolicy]
"""What a ramp of this flag is held against."""


class Exposures:
    """Facts in the order of their log, each once; the same facts in the same order come to the same counts."""

    def __init__(self, runs: Iterable[RunState] = (), steps: Iterable[StepState] = ()) -> None:
        self._runs = {state.flag: Run(state) for state in runs}
        self._steps = {state.ramp.plan.flag: StepWatch(state) for state in steps}
        self._not_compared: dict[str, str] = {}
        self._captures = Captures()
        self._followed: tuple[int, int] | None = None

    @property
    def is_counting(self) -> bool:
        """Whether there is anything that payments could be counted for."""
        return bool(self._steps) or any(not run.ended_ms for run in self._runs.values())

    @property
    def runs(self) -> Sequence[RunState]:
        """Their states, to go on from later."""
        return [run.state for run in self._runs.values()]

    @property
    def steps(self) -> Sequence[StepState]:
        """Their states, to go on from later."""
        return [step.state for step in self._steps.values()]

    def follow(self, book: FlagBook, policies: Policies, now_ms: int) -> None:
        """Begin, go on with and end what the flags say from now on."""
        if self._followed == (book.version, book.changed_at_ms):
            return
        self._followed = (book.version, book.changed_at_ms)
        flags = document_of(base_of(book), book)["flags"]
        experiments = sorted(key for key, flag in flags.items() if flag.get("metadata", {}).get("experiment") is True)
        alive = [key for key in experiments if key not in book.killed]
        wanted = alive[:EXPERIMENTS_MAX]
        for key, run in self._runs.items():
            if key not in wanted and not run.ended_ms:
                run.end(now_ms)
                self._not_compared[key] = KILLED if key in book.killed else CROWDED_OUT if key in alive else NOT_WANTED
        for key in wanted:
            self._follow_split(key, split_of(flags[key]), _since_ms(book, key, now_ms), now_ms)
        self._follow_ramps(book, flags, policies)
        self._bound()

    def take(self, facts: Iterable[Fact], arrived_ms: int) -> None:
        """Count facts that arrived at this time, and weigh what has ended by then."""
        for fact in facts:
            match fact:
                case PaymentAttempted():
                    self._attempt(fact, arrived_ms)
                case PaymentCaptured():
                    self._capture(fact, self._captures.captured(fact), arrived_ms)
                case _:
                    pass
        for run in self._runs.values():
            if not run.ended_ms:
                run.weigh(arrived_ms)
        for step in self._steps.values():
            step.weigh(arrived_ms)

    def report(self, flag: str) -> FlagReport | None:
        """Of the newest run of this flag; None when there was none."""
        run = self._runs.get(flag)
        return None if run is None else report_of(run, self._not_compared.get(flag, ""))

    def reports(self) -> list[FlagReport]:
        """Of every flag with a run, by name."""
        return [report_of(run, self._not_compared.get(flag, "")) for flag, run in sorted(self._runs.items())]

    def readings(self, flag: str, plan_id: str) -> RampReadings | None:
        """Of the step of this ramp that is under way; None when it is not counted."""
        step = self._steps.get(flag)
        return None if step is None or step.ramp.plan.id != plan_id else step.readings

    def _follow_split(self, flag: str, split: Split | NoSplit, since_ms: int, now_ms: int) -> None:
        run = self._runs.get(flag)
        if isinstance(split, NoSplit):
            self._not_compared[flag] = split.why
            if run is not None and not run.ended_ms:
                run.end(now_ms)
            return
        self._not_compared.pop(flag, None)
        if run is None or not run.goes_on_with(split):
            self._runs[flag] = Run.begun(flag, split, since_ms)
        else:
            run.draw(split, now_ms)

    def _follow_ramps(self, book: FlagBook, flags: Mapping[str, Document], policies: Policies) -> None:
        ramps = book.ramps
        self._steps = {flag: step for flag, step in self._steps.items() if flag in ramps}
        for flag, ramp in ramps.items():
            since_ms, step = book.of(flag).set_at_ms, self._steps.get(flag)
            if step is None or not step.is_of(ramp, since_ms):
                policy = policies(flag)
                is_drawn = isinstance(split_of(flags.get(flag, {})), Split)
                self._steps[flag] = StepWatch.begun(
                    ramp, since_ms, policy.conditions, policy.healthy, is_drawn=is_drawn
                )

    def _attempt(self, payment: PaymentAttempted, arrived_ms: int) -> None:
        for step in self._steps.values():
            step.hear(payment.at_ms, arrived_ms)
        variants = exposed_to(payment.exposures)
        if not variants:
            return
        for flag, variant in variants.items():
            if flag in self._runs:
                self._runs[flag].take(payment, variant, arrived_ms)
            if flag in self._steps:
                self._steps[flag].take(payment, variant, arrived_ms)
        for capture in self._captures.attempted(payment.subject, variants):
            self._capture(capture, variants, arrived_ms)

    def _capture(self, capture: PaymentCaptured, variants: Mapping[str, str], arrived_ms: int) -> None:
        for flag, variant in variants.items():
            if flag in self._runs:
                self._runs[flag].capture(capture, variant)
            if flag in self._steps:
                self._steps[flag].capture(capture, variant, arrived_ms)

    def _bound(self) -> None:
        ended = sorted((run.ended_ms, flag) for flag, run in self._runs.items() if run.ended_ms)
        for _, flag in ended[: max(0, len(self._runs) - RUNS_MAX)]:
            del self._runs[flag]


def exposed_to(exposures: Sequence[str]) -> dict[str, str]:
    """The variant by flag, of ``flag=variant``; what is not of this form is none."""
    pairs = (exposure.partition("=") for exposure in exposures)
    return {flag: variant for flag, _, variant in pairs if flag and variant}


def _since_ms(book: FlagBook, flag: str, now_ms: int) -> int:
    """Since when the flag serves what it does: since it was set or revived; one that was never changed, since now."""
    state = book.of(flag)
    revived = [one.at_ms for one in state.history if one.what is FlagChange.REVIVE and not one.void]
    since_ms = max([state.set_at_ms, *revived])
    return since_ms if since_ms else now_ms
