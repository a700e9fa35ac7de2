"""Counts, sums and ratios of requests and outcomes equal what a list of all facts says, in any order of time."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.scoring.compile import compile_fraud
from checks.scoring.engine import ScoringEngine
from checks.windows.panes import pane_length_ms
from config.fraud import Fraud
from config.loading.document import Document
from config.loading.loader import Loaded
from tests.unit.checks.scoring.fraud_facts import NOW_MS, SECOND, attempt, payment

WINDOW_SECONDS = 120
LATEST_MS = NOW_MS + 10_000 * SECOND


def rule(identity: str, measure: dict[str, object], of: str, breach: str) -> dict[str, object]:
    known = {"id": identity, "family": "one", "on": "payment.requested", "of": of, "per": ["ip"], "points": 1}
    return known | {"measure": measure, "breach": breach, "reason": "because", "summary": "s"}


def exact_engine() -> ScoringEngine:
    window = float(WINDOW_SECONDS)
    rules = [
        rule("count", {"count": "amount_cents > 50", "window": window}, "", "> 1"),
        rule("sum", {"sum": "amount_cents", "window": window}, "", "> 1"),
        rule("declines", {"count": "outcome == 'declined'", "window": window}, "payment.attempted", "> 1"),
        rule(
            "share",
            {"ratio": "outcome == 'declined'", "window": window, "min_samples": 2},
            "payment.attempted",
            "> 50%",
        ),
    ]
    fraud = Fraud.model_validate({"families": {"one": 1000}, "rules": rules})
    return ScoringEngine(compile_fraud(Loaded(fraud, Document("test", "", {}))))


@dataclass(frozen=True)
class Step:
    """A request (declined is None) or an outcome."""

    second: int
    ip: str
    amount: int
    declined: bool | None


steps = st.lists(
    st.builds(Step, st.integers(0, 400), st.sampled_from("ab"), st.integers(1, 99), st.none() | st.booleans()),
    min_size=1,
    max_size=60,
)


class Oracle:
    """Facts of one kind, kept as a list; each has its pane, and a late one is not kept."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, Step]] = []
        self.newest = -1
        self.panes = WINDOW_SECONDS * SECOND // pane_length_ms(WINDOW_SECONDS * SECOND)

    def pass_time(self, pane: int) -> None:
        self.newest = max(self.newest, pane)

    def take(self, pane: int, step: Step) -> None:
        if pane > self.newest - self.panes:
            self.pass_time(pane)
            self.kept.append((pane, step))

    def live(self, ip: str) -> list[Step]:
        return [step for pane, step in self.kept if pane > self.newest - self.panes and step.ip == ip]


@settings(max_examples=60, deadline=None)
@given(steps)
def test_every_reading_equals_a_list_of_all_facts(given_steps: list[Step]) -> None:
    engine, requests, outcomes = exact_engine(), Oracle(), Oracle()
    for number, step in enumerate(given_steps):
        at_ms = NOW_MS + step.second * SECOND
        pane = at_ms // pane_length_ms(WINDOW_SECONDS * SECOND)
        if step.declined is not None:
            outcome = "declined" if step.declined else "succeeded"
            engine.observe(attempt(number, at_ms, outcome, ip=step.ip, amount_cents=step.amount), LATEST_MS)
            outcomes.take(pane, step)
            continue
        score = engine.score(payment(number, at_ms, ip=step.ip, amount_cents=step.amount), LATEST_MS)
        requests.take(pane, step)
        outcomes.pass_time(pane)
        asked, ended = requests.live(step.ip), outcomes.live(step.ip)
        declined = [one for one in ended if one.declined]
        assert score.readings == (
            sum(one.amount > 50 for one in asked),
            sum(one.amount for one in asked),
            len(declined),
            len(declined) / len(ended) if len(ended) >= 2 else None,
        )
