"""What each return and notification of change does to its entry, its account and the people who must know."""

from collections.abc import Awaitable, Callable

import msgspec

from payment_core.ach.calendar import local_time, return_deadline
from payment_core.ach.codes.changes import CHANGE_CODES, Correction
from payment_core.ach.codes.returns import ReturnAction, ReturnCode, ReturnFamily, ReturnStage
from payment_core.ach.files.incoming.cases import open_ach_case
from payment_core.ach.files.incoming.model import CaseKind, ItemOutcome
from payment_core.ach.files.model import AchEntry, AchFile, TraceOwner
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.originating import another_presentation, may_retry, queue_entry
from payment_core.ach.files.outgoing.spreading import count_debit
from payment_core.ach.reading.notices import ChangeNotice, ReturnNotice
from payment_core.errors import CoreError
from payment_core.origin import Origin
from payment_core.providers.model import BankAccount
from payment_core.store.port import Transaction, Work

REAUTHORIZABLE = "R11"
"""The one unauthorized return whose entry may be corrected and sent again, so its account stays usable."""

DisableAccount = Callable[[Transaction, str, str], object]
"""Given the bank account's id and the return code; called in the transaction that returns the entry."""

Represent = Callable[[Transaction, AchEntry, str], bool]
"""Given a returned debit and the id of the entry that would present it again; whether its subject waits for it."""

PrepareCorrection = Callable[[str, str, Correction], Awaitable[Work[object] | None]]
"""Given the bank account's id, the change code and the correction; a new number goes into the vault before it answers
with the work that corrects the account, which is run in the transaction that records the notification."""


class EntryNotReady(CoreError):
    """The entry's file is on its way, but the entry has not followed it yet."""

    @property
    def retryable(self) -> bool:
        """Yes, within moments."""
        return True


class Verdict(msgspec.Struct, frozen=True):
    """What became of one item. reason: why it was not applied."""

    outcome: ItemOutcome
    reason: str = ""
    entry_id: str = ""


class Answering:
    """All effects of one item, in the transaction that records it."""

    def __init__(self, origin: Origin, mover: EntryMover, disable: DisableAccount, represent: Represent) -> None:
        self._represent = represent
        self._origin = origin
        self._mover = mover
        self._disable = disable

    def apply_return(self, transaction: Transaction, notice: ReturnNotice, file_id: str) -> Verdict:
        """Return the entry, once. Raises EntryNotReady when its file is on its way and it has not followed yet."""
        entry = self.entry_of(transaction, notice.original_trace)
        if entry is None:
            return self._quarantine(transaction, "unknown_trace", notice, None, file_id)
        code = notice.code
        if code.stage is not ReturnStage.RETURN:
            reason = f"{code.stage.value}_return"
            self._case(transaction, "operations", reason, notice, entry, file_id)
            return Verdict("case", reason, entry.id)
        if entry.status == "returned" and entry.return_code == code.code:
            return Verdict("duplicate", "returned_already", entry.id)
        fault = _mismatch(transaction, entry, notice)
        if fault != "":
            return self._quarantine(transaction, fault, notice, entry, file_id)
        self._return(transaction, entry, notice, file_id)
        return Verdict("applied", "", entry.id)

    def apply_change(
        self, transaction: Transaction, notice: ChangeNotice, correct: Work[object] | None, file_id: str
    ) -> Verdict:
        """Correct the account, or leave it to people. correct: None when the notification cannot be applied alone."""
        entry = self.entry_of(transaction, notice.original_trace)
        reason = "unknown_trace" if entry is None else "change_refused" if notice.refused_code != "" else ""
        if reason == "" and correct is None:
            reason = "change_not_understood"
        if correct is None or reason != "" or entry is None:
            open_ach_case(
                transaction,
                self._origin,
                "operations",
                reason,
                code=notice.change_code,
                entry=entry,
                return_file_id=file_id,
            )
            outcome: ItemOutcome = "quarantined" if entry is None else "case"
            return Verdict(outcome, reason, "" if entry is None else entry.id)
        correct(transaction)
        return Verdict("applied", "", entry.id)

    def entry_of(self, transaction: Transaction, trace: str) -> AchEntry | None:
        """The entry that a trace number of ours belongs to."""
        owner = transaction.get(TraceOwner, trace)
        return None if owner is None else transaction.get(AchEntry, owner.entry_id)

    def _return(self, transaction: Transaction, entry: AchEntry, notice: ReturnNotice, file_id: str) -> None:
        code = notice.code
        again = ""
        if code.action is ReturnAction.RETRY and may_retry(entry, transaction.now_ms):
            again = self._present_again(transaction, entry)
        self._mover.move(
            transaction,
            entry,
            "returned",
            return_code=code.code,
            return_trace=notice.trace_number,
            retry_entry_id=again,
        )
        if entry.direction == "debit" and entry.amount_cents > 0:
            count_debit(
                transaction,
                entry.submitted_at_ms,
                unauthorized=code.family is ReturnFamily.UNAUTHORIZED,
                administrative=code.family is ReturnFamily.ADMINISTRATIVE,
                returned=1,
            )
        self._follow_up(transaction, entry, notice, file_id)
        settled_on = local_time(entry.settles_at_ms).date()
        if local_time(transaction.now_ms).date() > return_deadline(settled_on, code.timeframe):
            self._case(transaction, "operations", "untimely_return_may_be_dishonored", notice, entry, file_id)

    def _present_again(self, transaction: Transaction, entry: AchEntry) -> str:
        """The id of the entry that presents this one again; empty when its subject no longer waits for the money."""
        again = another_presentation(transaction, entry)
        if not self._represent(transaction, entry, again.id):
            return ""
        queue_entry(transaction, self._origin, again)
        return again.id

    def _disable_account(self, transaction: Transaction, entry: AchEntry, code: str) -> None:
        """A return of the number before the last replacement says nothing about the one of now."""
        account = transaction.get(BankAccount, entry.bank_account_id)
        if account is None or account.token == entry.bank_token:
            self._disable(transaction, entry.bank_account_id, code)

    def _follow_up(self, transaction: Transaction, entry: AchEntry, notice: ReturnNotice, file_id: str) -> None:
        code: ReturnCode = notice.code
        match code.action:
            case ReturnAction.RETRY:
                return
            case ReturnAction.DISABLE_ACCOUNT:
                self._disable_account(transaction, entry, code.code)
            case ReturnAction.DISPUTE_LOST:
                if code.code != REAUTHORIZABLE:
                    self._disable_account(transaction, entry, code.code)
            case ReturnAction.FREEZE_COMPLIANCE:
                self._disable_account(transaction, entry, code.code)
                self._case(transaction, "compliance", "account_frozen", notice, entry, file_id)
            case ReturnAction.PAGE:
                self._case(transaction, "page", "our_file_is_wrong", notice, entry, file_id)
            case ReturnAction.HOLD_AND_CONTACT | ReturnAction.OPERATIONS_CASE | ReturnAction.PARSE_AND_CASE:
                self._case(transaction, "operations", code.action.value, notice, entry, file_id)

    def _quarantine(
        self, transaction: Transaction, reason: str, notice: ReturnNotice, entry: AchEntry | None, file_id: str
    ) -> Verdict:
        self._case(transaction, "operations", reason, notice, entry, file_id)
        return Verdict("quarantined", reason, "" if entry is None else entry.id)

    def _case(
        self,
        transaction: Transaction,
        kind: CaseKind,
        reason: str,
        notice: ReturnNotice,
        entry: AchEntry | None,
        file_id: str,
    ) -> None:
        open_ach_case(
            transaction,
            self._origin,
            kind,
            reason,
            code=notice.code.code,
            entry=entry,
            return_file_id=file_id,
            amount_cents=notice.amount_cents,
        )


def applicable(notice: ChangeNotice) -> Correction | None:
    """The correction, when the notification can be applied without a person."""
    change = CHANGE_CODES.get(notice.change_code)
    alone = change is not None and change.corrects and not change.refusal and notice.refused_code == ""
    return notice.correction if alone else None


def _mismatch(transaction: Transaction, entry: AchEntry, notice: ReturnNotice) -> str:
    """Why the return cannot be that of this entry; empty when it can."""
    if entry.status == "returned":
        return "returned_already_with_another_code"
    if entry.status == "canceled":
        return "entry_was_canceled"
    if entry.amount_cents != notice.amount_cents:
        return "amount_differs"
    if entry.direction != notice.direction.value:
        return "direction_differs"
    if entry.status in {"queued", "claimed", "built"}:
        file = transaction.get(AchFile, entry.file_id)
        if file is None or file.status in {"claiming", "building", "built", "abandoned"}:
            return "entry_was_not_sent"
        raise EntryNotReady(entry.id)
    return ""
