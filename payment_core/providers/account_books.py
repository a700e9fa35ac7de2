"""What ACH entries tell about bank accounts: settled, returned and corrected, each in the entry's own transaction."""

from payment_core.ach.files.model import AchEntry
from payment_core.ledger.accounts import BANK, FEE_EXPENSE
from payment_core.ledger.journals import Journal, Move
from payment_core.ledger.recipes import must_post
from payment_core.methods.vault_records import link_token, unlink_token
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.providers.account_options import AccountOptions
from payment_core.providers.case_opening import open_case
from payment_core.providers.corrections import PreparedCorrection
from payment_core.providers.model import BankAccount, Provider, TokenLink
from payment_core.providers.verifying import Verifying
from payment_core.store.port import Transaction

FREEZING_CODES = frozenset({"R14", "R15", "R16", "R23"})
"""Payee dead, beneficiary dead, account frozen or sanctioned, credit refused: people have to look at it."""


class AccountBooks:
    """Handlers for those who change entries; none of them may be called outside of a transaction."""

    def __init__(self, origin: Origin, options: AccountOptions, verifying: Verifying) -> None:
        self._origin = origin
        self._options = options
        self._verifying = verifying

    def bank_account_entry_changed(self, transaction: Transaction, entry: AchEntry) -> None:
        """Follow an entry of the purpose micro or prenote; other purposes and states change nothing."""
        account = transaction.get(BankAccount, entry.subject_id)
        if account is None or entry.purpose not in {"micro", "prenote"}:
            return
        if entry.status == "settled":
            if entry.purpose == "micro":
                _post_micro(transaction, entry)
            self._verifying.entry_settled(transaction, account, entry)
        elif entry.status == "returned":
            if entry.purpose == "micro" and entry.settled_at_ms > 0:
                _post_micro_return(transaction, entry)
            # A return of the number before the last replacement says nothing about the one of now.
            if entry.bank_token == account.token:
                self.disable_bank_account(transaction, account.id, entry.return_code)
        elif entry.status == "canceled":
            self._verifying.entry_canceled(transaction, account, entry)

    def disable_bank_account(self, transaction: Transaction, bank_account_id: str, code: str) -> None:
        """Never use the account again, for the NACHA R-code of a return; the first code stays."""
        account = transaction.get(BankAccount, bank_account_id)
        if account is None or account.status == "disabled":
            return
        after = next_of(
            account,
            transaction.now_ms,
            status="disabled",
            disabled_code=code,
            micro_hash="",
            entry_ids=(),
            deadline_at_ms=0,
        )
        record_change(transaction, self._origin, after, status="disabled", previous_status=account.status)
        if code in FREEZING_CODES:
            open_case(
                transaction, self._origin, "account_frozen", account.id, detail=f"The bank returned an entry: {code}."
            )

    def correct_bank_account(
        self, transaction: Transaction, bank_account_id: str, correction: PreparedCorrection
    ) -> BankAccount | None:
        """Apply a notification of change; None when the account changed since it was prepared, or nothing is new.

        The bank itself vouches for what it corrects, so a provider's account stays verified; a customer's new number
        is verified again before it is debited (Nacha's WEB debit account validation rule).
        """
        account = transaction.get(BankAccount, bank_account_id)
        if account is None or account.token != correction.replaces_token or account.status == "disabled":
            return None
        changes: dict[str, object] = {"correction_code": correction.change_code}
        if correction.holder_name != "":
            changes["holder_name"] = correction.holder_name
        if correction.token != "":
            if not link_token(transaction, correction.token):
                return None
            changes |= self._new_number(transaction, account, correction)
        after = next_of(account, transaction.now_ms, **changes)
        record_change(transaction, self._origin, after, status=after.status, previous_status=account.status)
        if correction.token != "":
            self.note_changed_number(transaction, after)
        return after

    def note_changed_number(self, transaction: Transaction, account: BankAccount) -> None:
        """Remember at the provider when the account that its payouts go to became another one."""
        provider = transaction.get(Provider, account.holder_id)
        if provider is None or provider.default_bank_account_id != account.id:
            return
        after = next_of(provider, transaction.now_ms, bank_account_changed_at_ms=transaction.now_ms)
        record_change(transaction, self._origin, after, status=after.status, previous_status=provider.status)

    def exchange_token(self, transaction: Transaction, account: BankAccount, token: str) -> None:
        """Let the account's new token lead to it; the old number is destroyed once nothing needs it any more."""
        unlink_token(transaction, account.token, transaction.now_ms + self._options.replaced_kept_ms)
        transaction.delete(TokenLink, account.token)
        transaction.put(TokenLink(id=token, bank_account_id=account.id))

    def _new_number(
        self, transaction: Transaction, account: BankAccount, correction: PreparedCorrection
    ) -> dict[str, object]:
        self.exchange_token(transaction, account, correction.token)
        changes: dict[str, object] = {
            "token": correction.token,
            "fingerprint": correction.fingerprint,
            "routing_number": correction.routing_number,
            "last4": correction.last4,
            "account_type": correction.account_type,
            "changed_at_ms": transaction.now_ms,
        }
        if account.holder_kind == "customer" and correction.is_new_number:
            changes |= {
                "status": "unverified",
                "verified_at_ms": 0,
                "micro_hash": "",
                "entry_ids": (),
                "deadline_at_ms": 0,
            }
        return changes


def _post_micro(transaction: Transaction, entry: AchEntry) -> None:
    """What a micro-entry gave away is our expense."""
    _post(transaction, entry, "micro_entry", Move(FEE_EXPENSE.name, BANK.name, entry.amount_cents))


def _post_micro_return(transaction: Transaction, entry: AchEntry) -> None:
    """It came back."""
    _post(transaction, entry, "micro_entry_return", Move(BANK.name, FEE_EXPENSE.name, entry.amount_cents))


def _post(transaction: Transaction, entry: AchEntry, recipe: str, move: Move) -> None:
    must_post(transaction, Journal(id=f"{entry.id}:{recipe}", recipe=recipe, reference=entry.subject_id, moves=(move,)))
