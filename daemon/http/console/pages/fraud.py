"""The page of fraud: what the score says of payments, why payments are refused, the lists, and the rules that add."""

from collections.abc import Iterator
from dataclasses import dataclass

from config.fraud import Bands, FraudRule
from daemon.cores.books import ListedEntry
from daemon.cores.books_watch import BooksKnown
from daemon.http.console.compose import not_taken_rows
from daemon.http.console.figures.shown import Figure, Tone
from daemon.http.console.page import NotTaken
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import NO_DATA, Moment, action_words, count, duration, moment, percent
from daemon.view.declines import SCORE_STEP, FraudSeen
from remediation.aiming.subjects import LIST_ACTIONS
from remediation.guardrails.guard import KILL_SWITCH
from remediation.state import ActionState

REASON_ROWS = 12
DECISION_ROWS = 12
LIST_ROWS = 60
"""Rows that fit a person's attention; the cores' API has the lists."""

ABOUT_FRAUD = frozenset({*LIST_ACTIONS, KILL_SWITCH})


@dataclass(frozen=True, slots=True)
class ScoreBar:
    """Payments with a score in a band. share_percent: of all scored, for the bar."""

    band: str
    scores: str
    payments: str
    share: str
    share_percent: int


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """Why payments did not succeed. outcome: declined or failed."""

    outcome: str
    code: str
    hour: str
    recent: str
    newest: Moment


@dataclass(frozen=True, slots=True)
class ListRow:
    """A live entry of a list."""

    id: str
    list: str
    kind: str
    value: str
    reason: str
    author: str
    until: Moment


@dataclass(frozen=True, slots=True)
class ActRow:
    """What was done against fraud, newest first. tone: the badge's."""

    id: str
    at: Moment
    what: str
    target: str
    state: str
    tone: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class FraudRuleRow:
    """One rule of the score. asks: when it adds. mode: enforce or shadow."""

    id: str
    family: str
    on: str
    asks: str
    points: str
    reason: str
    mode: str
    summary: str


@dataclass(frozen=True, slots=True)
class FraudPage:
    """bars: empty when no payment was scored in the hour. why: why the lists are not known; empty when they are."""

    figures: tuple[Figure, ...]
    bars: tuple[ScoreBar, ...]
    reasons: tuple[ReasonRow, ...]
    lists: tuple[ListRow, ...]
    lists_hidden: bool
    lists_read: str
    why: str
    acts: tuple[ActRow, ...]
    not_taken: tuple[NotTaken, ...]
    rules: tuple[FraudRuleRow, ...]
    families: tuple[tuple[str, str], ...]


def compose(scene: Scene, _of: str) -> FraudPage:
    """From the last hour's payments, the cores' lists, the journal and fraud.yaml."""
    now_ms, watch = scene.now_ms, scene.options.books
    books = BooksKnown() if watch is None else watch.look()
    seen, fraud = scene.view.declines(), scene.options.fraud
    entries = () if books.lists.value is None else books.lists.value.entries
    shadows = {rule.id for rule in scene.options.rules if rule.mode == "shadow"}
    held_back = [one for one in scene.state.decisions if one.action in ABOUT_FRAUD]
    return FraudPage(
        figures=tuple(_figures(seen, books, now_ms)),
        bars=() if fraud is None else tuple(score_bars(seen, fraud.bands)),
        reasons=tuple(
            ReasonRow(one.outcome, one.code, count(one.payments), count(one.recent), moment(one.newest_at_ms, now_ms))
            for one in seen.reasons[:REASON_ROWS]
        ),
        lists=tuple(_entry(one, now_ms) for one in entries[:LIST_ROWS]),
        lists_hidden=len(entries) > LIST_ROWS or (books.lists.value is not None and books.lists.value.more),
        lists_read=duration(now_ms - books.lists.read_at_ms) if books.lists.read_at_ms else "",
        why=books.lists.fault if watch is not None else "No core is asked.",
        acts=tuple(_act(one, now_ms) for one in _acts(scene.state.actions)),
        not_taken=not_taken_rows(held_back, shadows, now_ms),
        rules=() if fraud is None else tuple(_rule(one) for one in fraud.rules),
        families=() if fraud is None else tuple((name, count(most)) for name, most in fraud.families.items()),
    )


def score_bars(seen: FraudSeen, bands: Bands) -> Iterator[ScoreBar]:
    """Every band with its payments, the mildest first; a step of scores that two bands share counts in the lower."""
    scored = sum(seen.scores.values())
    edges = [("approve", 0), *((name, getattr(bands, name)) for name in Bands.model_fields)]
    for index, (name, least) in enumerate(edges):
        above = edges[index + 1][1] if index + 1 < len(edges) else 1001
        payments = sum(found for score, found in seen.scores.items() if least <= score + SCORE_STEP - 1 < above)
        share = payments / scored if scored else None
        shown = NO_DATA if share is None else percent(share)
        yield ScoreBar(name, f"{least} to {above - 1}", count(payments), shown, round(100 * share) if share else 0)


def _figures(seen: FraudSeen, books: BooksKnown, now_ms: int) -> Iterator[Figure]:
    known = seen.attempts > 0
    refused = {
        outcome: sum(one.payments for one in seen.reasons if one.outcome == outcome)
        for outcome in ("declined", "failed")
    }
    of = f"of {count(seen.attempts)} payments in the hour"
    yield Figure("Declined", percent(refused["declined"] / seen.attempts) if known else NO_DATA, of if known else "")
    yield Figure("Failed", percent(refused["failed"] / seen.attempts) if known else NO_DATA, of if known else "")
    unscored: Tone = "bad" if seen.unscored else "good"
    yield Figure(
        "Not scored",
        count(seen.unscored) if known else NO_DATA,
        "they are reviewed" if known else "",
        unscored if known else "",
    )
    lists = books.lists
    age = f"read {duration(max(0, now_ms - lists.read_at_ms))} ago" if lists.read_at_ms else "not read, see below"
    live = NO_DATA if lists.value is None else count(len(lists.value.entries)) + ("+" if lists.value.more else "")
    yield Figure("On a list", live, age)
    mode, holding = books.mode.value, books.mode.value == "holding"
    yield Figure(
        "Payments",
        NO_DATA if mode is None else "held" if holding else "taken",
        "accepted, and none is sent" if holding else "",
        "bad" if holding else "good" if mode else "",
    )


def _entry(one: ListedEntry, now_ms: int) -> ListRow:
    return ListRow(one.id, one.list, one.kind, one.value, one.reason, one.author, moment(one.expires_at_ms, now_ms))


def _acts(actions: dict[str, ActionState]) -> list[ActionState]:
    return [one for one in reversed(actions.values()) if one.action in ABOUT_FRAUD][:DECISION_ROWS]


def _act(one: ActionState, now_ms: int) -> ActRow:
    state = "under way" if one.status is None else one.status.value.replace("_", " ")
    tone = {"verified": "cleared", "already_done": "cleared"}.get(
        "" if one.status is None else one.status.value, "pending"
    )
    if one.undone_by:
        state, tone = "taken back", ""
    return ActRow(
        id=one.decision_id,
        at=moment(one.decided_at_ms, now_ms),
        what=action_words(one.action),
        target=one.target,
        state=state,
        tone=tone,
        asked_by=one.asked_by,
    )


def _rule(rule: FraudRule) -> FraudRuleRow:
    asks = rule.where if rule.where != "true" else ""
    if rule.measure is not None:
        measured = ", ".join(f"{name} {value}" for name, value in rule.measure.model_dump(exclude_none=True).items())
        per = f" for each {' and '.join(rule.per)}" if rule.per else ""
        asks = f"{measured}{per} {rule.breach}" + (f", where {asks}" if asks else "")
    return FraudRuleRow(
        id=rule.id,
        family=rule.family,
        on=rule.on,
        asks=asks if asks else "always",
        points=f"{rule.points:+}",
        reason=rule.reason,
        mode=rule.mode,
        summary=rule.summary,
    )


def glance(scene: Scene) -> Figure:
    """How many payments are refused, for the overview."""
    watch = scene.options.books
    declined = next(_figures(scene.view.declines(), BooksKnown() if watch is None else watch.look(), scene.now_ms))
    return Figure(declined.label, declined.shown, declined.note, declined.tone, href="/console/fraud")


FRAUD = ConsolePage(
    name="fraud",
    title="Fraud",
    path="/console/fraud",
    section="fraud",
    panels=("figures", "scores", "declines", "fraud-lists", "fraud-acts", "fraud-rules"),
    compose=compose,
    asks_cores=True,
)
