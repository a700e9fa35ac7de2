"""What an end-to-end reconciliation finds."""

import msgspec

from payment_core.migration.export.kinds import Kind
from payment_core.migration.proof.sides import Difference, Sum
from payment_core.store.records import Record

DIFFERENCES_MAX = 10_000
"""Kept one by one, about 2 MB; more are counted."""


class KindResult(msgspec.Struct, frozen=True, kw_only=True):
    """One kind, record by record.

    exported: what the export holds. equal: here as they are there, be it by an earlier export. superseded: said again
    later in the export.
    later: changed by the feed since the export; changed_here: changed here since. waiting: in quarantine. missing:
    nowhere. differing: here and not equal. here: rows of this export in the store, counted by a walk of its own;
    extra: those of them that the export does not know. source, target: sums of both sides by currency, minor units, of
    rows of this export.
    """

    kind: Kind
    exported: int
    equal: int
    superseded: int
    later: int
    changed_here: int
    waiting: int
    missing: int
    differing: int
    here: int
    extra: int
    source: tuple[Sum, ...]
    target: tuple[Sum, ...]


class AccountResult(msgspec.Struct, frozen=True, kw_only=True):
    """One balance of the old processor, minor units. exported: its opening balance and its balance transactions.

    here: in the ledger. waiting: of both what is in quarantine, in neither of the two.
    """

    account: str
    currency: str
    exported: int
    here: int
    waiting: int


class TrailResult(msgspec.Struct, frozen=True, kw_only=True):
    """The old processor's trail here. entries: of all pages. intact: each follows the one before, and none is gone."""

    pages: int
    entries: int
    intact: bool
    first_bad: str = ""


class QuarantineReason(msgspec.Struct, frozen=True, kw_only=True):
    """How many records wait for one reason."""

    kind: Kind
    reason: str
    records: int


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole. right: no difference anywhere. complete: right, and nothing waits in quarantine.

    export: SHA-256 of its manifest. differences: at most DIFFERENCES_MAX of difference_count. Times: Unix ms.
    """

    export: str
    began_at_ms: int
    ended_at_ms: int
    right: bool
    complete: bool
    kinds: tuple[KindResult, ...]
    accounts: tuple[AccountResult, ...]
    trail: TrailResult
    ledger_balanced: bool
    quarantine: tuple[QuarantineReason, ...]
    difference_count: int
    differences: tuple[Difference, ...]


class KeptReconciliation(Record, frozen=True, kw_only=True, tag="migration_reconciliation"):
    """The last reconciliation, for the report; its id is ``last``. parts: ids of what its lists go on with."""

    result: Reconciliation
    parts: tuple[str, ...] = ()


class KeptPart(Record, frozen=True, kw_only=True, tag="migration_reconciliation_part"):
    """A part of the two lists that have no limit: an item of DynamoDB holds 400 KB."""

    accounts: tuple[AccountResult, ...] = ()
    differences: tuple[Difference, ...] = ()


RECONCILIATION_RECORDS = (KeptReconciliation, KeptPart)
