"""What the console's first page shows, as plain values: the answers to the four questions of 03:00."""

from dataclasses import dataclass
from typing import Literal

from daemon.http.console.components import ComponentRow
from daemon.http.console.waiting_rows import WaitingRow
from daemon.http.words.sentences import Sentence
from daemon.http.words.wording import Moment


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one line that answers whether all is well; unknown is never shown as safe."""

    level: Literal["safe", "incident", "unknown"]
    headline: str
    detail: str


@dataclass(frozen=True, slots=True)
class TrafficPart:
    """One environment's part. share: success ratio of the last RECENT_SECONDS in words. weight: None when not read."""

    environment: str
    version: str
    weight: int | None
    share: str
    payments: int
    failed: int
    declined: int


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule and key. state: breached, pending, cleared or no_data.

    key: what tells it from the rule's other keys, in the order of the rule's ``per``. title: all of it, with names.
    is_heard: whether any fact has reached it.
    """

    rule_id: str
    summary: str
    key: str
    title: str
    shown: str
    limit: str
    samples: int
    min_samples: int
    window: str
    state: str
    since: Moment | None
    severity: str
    shadow: bool
    is_heard: bool = True

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to look at: it is clear, or no fact has reached it."""
        return self.state == "cleared" or not self.is_heard


@dataclass(frozen=True, slots=True)
class WatchedRules:
    """Rules in shadow mode. beyond: how many keys of how many rules exceed their limit; empty when none does."""

    rules: int
    beyond: str
    rows: tuple[RuleRow, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A journal entry in words, or several in a row of rules that only watch; sequence is the first's."""

    sequence: int
    at: Moment
    said: Sentence
    actor: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """An action that was not taken. times: how often in a row for the same rule, key, action and reason.

    A rule in shadow mode has one row for all its keys.
    """

    at: Moment
    action: str
    rule_id: str
    subject: str
    reason: str
    words: str
    detail: str
    times: int


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident. summary: what its rule says, empty when that is no longer loaded. response: what it asks of people.

    done: the last thing that was done about it, in words.
    """

    id: str
    severity: int
    rule_id: str
    subject: str
    summary: str
    state: str
    opened: Moment
    age: str
    runbook: str
    done: str
    response: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source. state: fresh, stale or silent (nothing ever came). newest: None when silent."""

    name: str
    state: Literal["fresh", "stale", "silent"]
    newest: Moment | None
    age: str
    consumed: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """The last ledger check in words; state no_data when there was none."""

    state: Literal["balanced", "broken", "no_data"]
    words: str
    checked: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the console's first page says of this moment."""

    version: str
    now: Moment
    verdict: Verdict
    observe_only: bool
    traffic: tuple[TrafficPart, ...]
    traffic_read: Moment | None
    not_taken: tuple[NotTaken, ...]
    incidents: tuple[IncidentRow, ...]
    sources: tuple[SourceRow, ...]
    ledger: LedgerRow
    waiting: tuple[WaitingRow, ...]
    components: tuple[ComponentRow, ...]
