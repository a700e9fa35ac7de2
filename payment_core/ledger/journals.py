"""What is posted: a journal is a linked chain of moves that happen together or not at all."""

from enum import StrEnum

import msgspec


class Phase(StrEnum):
    """How a move counts.

    POSTED: at once and for good. PENDING: sets the money aside until it is posted, voided or expires.
    POST: takes what was set aside, or a part of it; the rest is free again. VOID: frees all of it.
    EXPIRE: frees all of it once its time is over.
    """

    POSTED = "posted"
    PENDING = "pending"
    POST = "post"
    VOID = "void"
    EXPIRE = "expire"


class Move(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """Money from one account's debit to another's credit, in cents.

    hold_id: for PENDING the id that the hold gets; for POST, VOID and EXPIRE the hold that is resolved.
    expires_at_ms: of a hold; 0 when it never does.
    """

    debit: str
    credit: str
    amount_cents: int
    phase: Phase = Phase.POSTED
    hold_id: str = ""
    expires_at_ms: int = 0


class Journal(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One linked chain. id: from what caused it, so that the same cause cannot be posted twice.

    recipe: which recipe made it. reference: the object it is about. currency: of every move in it (ISO 4217).
    """

    id: str
    recipe: str
    reference: str
    moves: tuple[Move, ...]
    currency: str = "USD"


class LedgerRefusal(StrEnum):
    """Why a journal was not posted; when several hold, the first listed is the answer. Nothing of it was posted."""

    JOURNAL_EXISTS = "journal_exists"
    JOURNAL_EXISTS_WITH_OTHER_MOVES = "journal_exists_with_other_moves"
    JOURNAL_EMPTY = "journal_empty"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    ACCOUNTS_MUST_DIFFER = "accounts_must_differ"
    HOLD_ID_MISSING = "hold_id_missing"
    HOLD_EXISTS = "hold_exists"
    HOLD_NOT_FOUND = "hold_not_found"
    HOLD_HAS_OTHER_ACCOUNTS = "hold_has_other_accounts"
    HOLD_ALREADY_POSTED = "hold_already_posted"
    HOLD_ALREADY_VOIDED = "hold_already_voided"
    HOLD_ALREADY_EXPIRED = "hold_already_expired"
    HOLD_NOT_YET_EXPIRED = "hold_not_yet_expired"
    EXCEEDS_HOLD = "exceeds_hold"
    EXCEEDS_BALANCE = "exceeds_balance"
