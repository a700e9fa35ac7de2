"""Verifying a bank account: two small credits whose amounts only the holder can read, or a zero-dollar entry."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import date, time

from payment_core.ach.calendar import add_banking_days, instant_ms, local_time
from payment_core.ach.files.model import AchEntry, SecCode
from payment_core.ach.files.outgoing.originating import originate
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.providers.account_options import AccountOptions
from payment_core.providers.model import BankAccount
from payment_core.providers.refusals import BankAccountRefusal
from payment_core.store.port import Transaction
from payment_core.vault.errors import KeyUnavailable

MICRO_ENTRIES = 2
MICRO_DESCRIPTION = "ACCTVERIFY"
"""Nacha's micro-entry rule: the company entry description of every micro-entry."""
PRENOTE_DESCRIPTION = "PRENOTE"


def start_refusal(account: BankAccount) -> BankAccountRefusal | None:
    """Why no verification can be started."""
    match account.status:
        case "unverified":
            return None
        case "micro_pending" | "prenote_pending":
            return BankAccountRefusal.VERIFICATION_RUNNING
        case "verified":
            return BankAccountRefusal.ALREADY_VERIFIED
        case "failed":
            return BankAccountRefusal.VERIFICATION_FAILED
        case "disabled":
            return BankAccountRefusal.BANK_ACCOUNT_DISABLED


class Verifying:
    """amounts_key: secret, at least 32 bytes, the same in every process: there are only 4,950 pairs of amounts.

    While it is empty nothing can be started or guessed: KeyUnavailable is raised.
    """

    def __init__(self, origin: Origin, options: AccountOptions, amounts_key: bytes | bytearray) -> None:
        self._origin = origin
        self._options = options
        self._key = amounts_key

    def start_micro(self, transaction: Transaction, account: BankAccount) -> BankAccount:
        """Send two credits, which settle together; what they are is kept as a keyed hash alone."""
        amounts = [secrets.randbelow(self._options.micro_cents_max) + 1 for _ in range(MICRO_ENTRIES)]
        entries = [
            originate(
                transaction,
                self._origin,
                direction="credit",
                sec=_sec_of(account),
                purpose="micro",
                subject_id=account.id,
                bank_account=account,
                amount_cents=amount,
                name=account.holder_name,
                description=MICRO_DESCRIPTION,
            )
            for amount in amounts
        ]
        entry_ids = tuple(entry.id for entry in entries)
        return self._save(
            transaction,
            account,
            next_of(
                account,
                transaction.now_ms,
                status="micro_pending",
                entry_ids=entry_ids,
                settled_entry_ids=(),
                micro_attempts=0,
                micro_hash=self._hash(account.id, entry_ids, amounts),
                deadline_at_ms=transaction.now_ms + self._options.micro_valid_ms,
            ),
        )

    def start_prenote(self, transaction: Transaction, account: BankAccount) -> BankAccount:
        """Send a zero-dollar entry; nobody returning it within three banking days is the bank's yes."""
        entry = originate(
            transaction,
            self._origin,
            direction="credit" if account.holder_kind == "provider" else "debit",
            sec=_sec_of(account),
            purpose="prenote",
            subject_id=account.id,
            bank_account=account,
            amount_cents=0,
            name=account.holder_name,
            description=PRENOTE_DESCRIPTION,
        )
        return self._save(
            transaction,
            account,
            next_of(
                account,
                transaction.now_ms,
                status="prenote_pending",
                entry_ids=(entry.id,),
                settled_entry_ids=(),
                deadline_at_ms=0,
            ),
        )

    def guess(
        self, transaction: Transaction, account: BankAccount, amounts: Sequence[int]
    ) -> BankAccount | BankAccountRefusal:
        """Compare the amounts, in any order; each wrong guess counts, and the last one ends it."""
        if account.status == "verified":
            return BankAccountRefusal.ALREADY_VERIFIED
        if account.status == "failed":
            return BankAccountRefusal.VERIFICATION_FAILED
        if account.status == "disabled":
            return BankAccountRefusal.BANK_ACCOUNT_DISABLED
        if account.status != "micro_pending":
            return BankAccountRefusal.NO_MICRO_ENTRIES
        now_ms = transaction.now_ms
        if now_ms >= account.deadline_at_ms:
            return BankAccountRefusal.MICRO_ENTRIES_EXPIRED
        if hmac.compare_digest(account.micro_hash, self._hash(account.id, account.entry_ids, amounts)):
            after = next_of(account, now_ms, status="verified", verified_at_ms=now_ms, micro_hash="", deadline_at_ms=0)
        else:
            attempts = account.micro_attempts + 1
            status = "failed" if attempts >= self._options.micro_attempts else "micro_pending"
            after = next_of(account, now_ms, status=status, micro_attempts=attempts)
        return self._save(transaction, account, after)

    def entry_settled(self, transaction: Transaction, account: BankAccount, entry: AchEntry) -> None:
        """Note that an entry of the running verification settled; a prenote's time begins."""
        if entry.id not in account.entry_ids or entry.id in account.settled_entry_ids:
            return
        changes: dict[str, object] = {"settled_entry_ids": (*account.settled_entry_ids, entry.id)}
        if account.status == "prenote_pending":
            at_ms = transaction.now_ms if entry.settles_at_ms == 0 else entry.settles_at_ms
            changes["deadline_at_ms"] = self._prenote_deadline_ms(local_time(at_ms).date())
        self._save(transaction, account, next_of(account, transaction.now_ms, **changes))

    def entry_canceled(self, transaction: Transaction, account: BankAccount, entry: AchEntry) -> None:
        """An entry never reached the bank: the verification has to be started again."""
        running = account.status in {"micro_pending", "prenote_pending"}
        if running and entry.id in account.entry_ids:
            self._reset(transaction, account)

    def end(self, transaction: Transaction, account: BankAccount) -> BankAccount | None:
        """End a verification whose time is over: a prenote that nobody returned is accepted; None when it is not."""
        now_ms = transaction.now_ms
        if account.due_at_ms == 0 or account.due_at_ms > now_ms:
            return None
        if account.status == "prenote_pending":
            after = next_of(account, now_ms, status="verified", verified_at_ms=now_ms, deadline_at_ms=0)
            return self._save(transaction, account, after)
        return self._reset(transaction, account)

    def _reset(self, transaction: Transaction, account: BankAccount) -> BankAccount:
        after = next_of(account, transaction.now_ms, status="unverified", micro_hash="", entry_ids=(), deadline_at_ms=0)
        return self._save(transaction, account, after)

    def _save(self, transaction: Transaction, before: BankAccount, after: BankAccount) -> BankAccount:
        record_change(transaction, self._origin, after, status=after.status, previous_status=before.status)
        return after

    def _prenote_deadline_ms(self, settled_on: date) -> int:
        """The end of the last banking day on which a return can come."""
        last = add_banking_days(settled_on, self._options.prenote_banking_days)
        return instant_ms(last, time(23, 59))

    def _hash(self, account_id: str, entry_ids: Sequence[str], amounts: Sequence[int]) -> str:
        """Over the account and its entries too, so that equal amounts of two accounts look different."""
        if not self._key:
            raise KeyUnavailable
        parts = (account_id, *entry_ids, *(str(amount) for amount in sorted(amounts)))
        return hmac.new(self._key, "\n".join(parts).encode(), "sha256").hexdigest()


def _sec_of(account: BankAccount) -> SecCode:
    """Consumers' accounts take PPD, companies' CCD (Nacha rules, subsection 2.5)."""
    return "PPD" if account.account_class == "personal" else "CCD"
