"""The jobs of a migration, in the order in which they depend on each other, and what each can be."""

from enum import StrEnum
from types import MappingProxyType

from payment_core.migration.export.kinds import Kind


class JobName(StrEnum):
    """A job; each needs what those before it moved."""

    CUSTOMERS = "customers"
    PAYMENT_METHODS = "payment-methods"
    PROVIDER_BANK_ACCOUNTS = "provider-bank-accounts"
    TRANSACTION_HISTORY = "transaction-history"
    AUDIT_TRAIL = "audit-trail"


KINDS_OF = MappingProxyType(
    {
        JobName.CUSTOMERS: (Kind.CUSTOMERS,),
        JobName.PAYMENT_METHODS: (Kind.PAYMENT_METHODS,),
        JobName.PROVIDER_BANK_ACCOUNTS: (Kind.ACCOUNTS, Kind.BANK_ACCOUNTS),
        JobName.TRANSACTION_HISTORY: (
            Kind.OPENING_BALANCES,
            Kind.CHARGES,
            Kind.REFUNDS,
            Kind.DISPUTES,
            Kind.PAYOUTS,
            Kind.BALANCE_TRANSACTIONS,
        ),
        JobName.AUDIT_TRAIL: tuple(Kind),
    }
)
"""What each job reads, in this order. The trail is of everything that the processor had."""

NEEDS = MappingProxyType(
    {
        JobName.CUSTOMERS: (),
        JobName.PAYMENT_METHODS: (JobName.CUSTOMERS,),
        JobName.PROVIDER_BANK_ACCOUNTS: (),
        JobName.TRANSACTION_HISTORY: (),
        JobName.AUDIT_TRAIL: (
            JobName.CUSTOMERS,
            JobName.PAYMENT_METHODS,
            JobName.PROVIDER_BANK_ACCOUNTS,
            JobName.TRANSACTION_HISTORY,
        ),
    }
)
"""What must be done before a job begins, and is undone after it."""

JOB_OF = MappingProxyType(
    {kind: job for job, kinds in KINDS_OF.items() if job is not JobName.AUDIT_TRAIL for kind in kinds}
)
"""Which job moves a kind."""


class JobState(StrEnum):
    """What a job is doing.

    paused: somebody stopped it, and it goes on where it is. canceled: somebody ended it; what was moved stays until it
    is undone. stopped: a proof found a difference, and the batch is held. undoing: an undo began and has not ended.
    """

    NEW = "new"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELED = "canceled"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class Outcome(StrEnum):
    """What became of a record of the export.

    moved: it is here now. updated: an earlier state of it was here. unchanged: it was here as it is. merged: what it
    says was here under another id. older: a later state of it is here. quarantined: it cannot move.
    """

    MOVED = "moved"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    MERGED = "merged"
    OLDER = "older"
    QUARANTINED = "quarantined"
