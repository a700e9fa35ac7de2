"""What is kept while both run: what the old processor has yet to be told, who is who there, and the evidence."""

from typing import Literal

import msgspec

from payment_core.migration.names import JobState
from payment_core.store.records import Record

ObjectKind = Literal["customer", "account", "payment_method", "bank_account"]
"""As the old processor has them: an account is a provider's."""
Verb = Literal["create", "update", "delete"]

EVIDENCE_ID = "evidence"
NO_RETURN_ID = "no-return"
CURSOR_ID = "feed"
LEASE_ID = "runner"


class OldPlace(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where an object is at the old processor. owner_id: of its customer or account there; empty where it has none.

    id: there; empty for one that is yet to be made.
    """

    kind: ObjectKind
    owner_kind: Literal["customer", "account", ""] = ""
    owner_id: str = ""
    id: str = ""


class OldCall(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A call that was begun; until it is settled it is repeated as it is, under one key.

    version: of ours that it tells. fields: what is sent, without any number. token: of the vault, whose number is sent
    along; empty for none.
    replaces: what is to be gone there once this is made. made: its id there, when all that is left is to give it to its
    owner.
    """

    key: str
    verb: Verb
    version: int
    place: OldPlace
    fields: dict[str, str] = {}
    token: str = ""
    replaces: OldPlace | None = None
    made: str = ""


class OldWrite(Record, frozen=True, gc=False, kw_only=True, tag="migration_old_write"):
    """An object whose newest version the old processor has not been told; its id is ``kind:id``, so there is one each.

    waiting_since_ms: of the oldest change that was not told. due_ms: of the next attempt. fault: of the last one.
    left: what has to be taken away there because another took its place, such as the account of an old number.
    refusals: how often it was refused for certain since it was last told; a part of the next key, because under a key
    that was refused the old processor answers from memory. made, made_version: what was made there of this version and
    was not given to its owner.
    """

    object_kind: ObjectKind
    object_id: str
    version: int
    waiting_since_ms: int
    due_ms: int
    attempts: int = 0
    fault: str = ""
    call: OldCall | None = None
    left: OldPlace | None = None
    refusals: int = 0
    made: str = ""
    made_version: int = 0

    @property
    def due_at_ms(self) -> int:
        """When it is tried."""
        return self.due_ms

    @property
    def owner(self) -> str:
        """All of them are listed together."""
        return "waiting"


class OldTold(Record, frozen=True, gc=False, kw_only=True, tag="migration_old_told"):
    """When the old processor was last told of an object, Unix milliseconds; its id is ``kind:id``, as of its OldWrite.

    What happened there before says less than what is here.
    """

    at_ms: int


class OldLink(Record, frozen=True, gc=False, kw_only=True, tag="migration_old_link"):
    """Who an object is at the other side; its id is ``here:kind:our id`` or ``there:kind:their id``.

    other: its id on the other side. owner_there: of its customer or account at the old processor. token: of the vault,
    that the number there belongs to. told_version: of ours that the old processor has.
    """

    kind_there: ObjectKind
    other: str
    owner_kind: Literal["customer", "account", ""] = ""
    owner_there: str = ""
    token: str = ""
    told_version: int = 0

    @property
    def owner(self) -> str:
        """By direction, so that every object that both have can be walked through."""
        return self.id.partition(":")[0]


class ShadowEvidence(Record, frozen=True, gc=False, kw_only=True, tag="migration_evidence"):
    """What comparisons have shown; there is one, with the id ``evidence``.

    stated_ms, least: how long reads have to be equal, and how many, before anybody is cut over. equal_ms, equal: how
    long they were, and how many, since the last difference. last_equal_ms: of the newest comparison that was equal.
    stopped_by, stopped_at_ms: the last difference. The totals are over everything that was ever compared.
    allowed_at_ms: when cut-over was allowed, 0 before; what was shown once is not taken back.
    """

    stated_ms: int = 0
    least: int = 0
    since_ms: int = 0
    equal_ms: int = 0
    equal: int = 0
    last_equal_ms: int = 0
    stopped_by: str = ""
    stopped_at_ms: int = 0
    equal_total: int = 0
    differing_total: int = 0
    missing_total: int = 0
    unreadable_total: int = 0
    allowed_at_ms: int = 0


class Difference(Record, frozen=True, gc=False, kw_only=True, tag="migration_difference"):
    """One field that the two sides do not agree on; its id is ``kind:our id:field``.

    ours, theirs: keyed hashes of the two values, never the values. settled_at_ms: when they were equal again, else 0.
    """

    object_kind: ObjectKind
    object_id: str
    there: str
    field: str
    ours: str
    theirs: str
    first_at_ms: int
    last_at_ms: int
    times: int = 1
    settled_at_ms: int = 0

    @property
    def owner(self) -> str:
        """Open ones and settled ones."""
        return "open" if self.settled_at_ms == 0 else "settled"


class FeedCursor(Record, frozen=True, gc=False, kw_only=True, tag="migration_feed_cursor"):
    """How far the changes of the old processor were taken over; there is one, with the id ``feed``.

    event_id: the last one. happened_at_ms: when it happened there. caught_up_at_ms: the last moment up to which
    everything is known to have been taken over. taken, ours: events that were taken over, and those that we had caused.
    slowest_ms: from the last event to its being taken over; its clock counts seconds. fault: of the last look.
    turns: how often it was turned back to the oldest event.
    """

    event_id: str = ""
    happened_at_ms: int = 0
    caught_up_at_ms: int = 0
    taken: int = 0
    ours: int = 0
    slowest_ms: int = 0
    fault: str = ""
    turns: int = 0


class NoReturn(Record, frozen=True, gc=False, kw_only=True, tag="migration_no_return"):
    """Since when nobody can be cut back; there is at most one, with the id ``no-return``. job: whose begin it was."""

    job: str
    at_ms: int
    actor: str


class JobWish(Record, frozen=True, gc=False, kw_only=True, tag="migration_wish"):
    """What is wanted of a job; its id is the job's name. export: the folder's name. fault: of the last attempt.

    records_per_second, threads: how much it may do beside payments. wanted: go on, or wait. done_with: the export
    that it was run to the end of last.
    """

    export: str
    records_per_second: int
    threads: int
    wanted: Literal["run", "pause"] = "run"
    point_of_no_return: bool = False
    asked_by: str
    asked_at_ms: int
    fault: str = ""
    fault_at_ms: int = 0
    done_with: str = ""

    @property
    def owner(self) -> str:
        """Listed by what is wanted."""
        return self.wanted

    def is_done(self, state: JobState) -> bool:
        """Whether the job has moved all of this export, and not of another one before it."""
        return state is JobState.DONE and self.done_with == self.export


class RunnerLease(Record, frozen=True, gc=False, kw_only=True, tag="migration_lease"):
    """Whose process runs jobs; there is one, with the id ``runner``. holder: empty for nobody."""

    holder: str = ""
    until_ms: int = 0


RUNNING_RECORDS: tuple[type[Record], ...] = (
    OldWrite,
    OldTold,
    OldLink,
    ShadowEvidence,
    Difference,
    FeedCursor,
    NoReturn,
    JobWish,
    RunnerLease,
)


def write_id(kind: ObjectKind, object_id: str) -> str:
    """The id of an object's OldWrite."""
    return f"{kind}:{object_id}"


def here_id(kind: ObjectKind, object_id: str) -> str:
    """The id of the link of an object of ours."""
    return f"here:{kind}:{object_id}"


def there_id(kind: ObjectKind, old_id: str) -> str:
    """The id of the link of an object of the old processor."""
    return f"there:{kind}:{old_id}"
