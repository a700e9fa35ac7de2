"""External accounts become bank accounts of providers: ABA checked, sealed, with the validation that they had."""

from typing import cast

import msgspec

from payment_core.ach.codes.routing import is_routing_number
from payment_core.identifiers import new_id
from payment_core.methods.vault_records import shred_number
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.account import BankAccount as Exported
from payment_core.migration.jobs.accounts import (
    STATUS_OF,
    bank_refusal,
    class_of,
    exported_bank,
    holder_of,
    kept_of_bank,
    stored_bank,
    type_of,
)
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.port import CHANGED_HERE, Prepared, Refused, standing
from payment_core.migration.jobs.sealing import BatchKey, SealedNumber
from payment_core.migration.jobs.texts import text
from payment_core.migration.jobs.vaulted import find_number, is_left_to_others, join, keep_number, taken_off
from payment_core.migration.model import Moved, SealedOnce, moved_id
from payment_core.migration.names import Outcome
from payment_core.migration.proof.sides import Line
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.providers.model import BankAccount, Provider, TokenLink
from payment_core.store.port import Transaction
from payment_core.vault.numbers.instruments import BankAccount as Vaulted
from payment_core.vault.numbers.instruments import bank_account_of
from payment_core.vault.numbers.problems import AccountProblem, account_sentence
from payment_core.vault.records import StoredToken
from payment_core.vault.tokens import new_token

REMOVED, CLOSED = "removed", "closed"
UNDO_REASON = "migration undone"


class SealedAccount(msgspec.Struct, frozen=True):
    """An account ready to be stored. bank_account_id: made before the transaction, which may run twice."""

    bank_account_id: str
    account: Vaulted
    fingerprint: str
    number: SealedNumber


class StoredBank(msgspec.Struct, frozen=True):
    """What the store holds of one external account. owner: old id of its provider, empty when that does not fit."""

    moved: Moved
    bank: BankAccount
    number: StoredToken | None
    owner: str


def account_in(record: Record) -> Vaulted | Refused:
    """The account with its number, or why it cannot move."""
    refused = bank_refusal(record)
    body = cast("Exported", record.body)
    if refused is not None or body.account_number is None:
        return refused if refused is not None else Refused(record, "no_number", "Its number is not in the export.")
    account = bank_account_of(
        routing_number=text(body.routing_number),
        account_number=body.account_number.reveal(),
        account_type=type_of(body),
    )
    if isinstance(account, Vaulted) and not is_routing_number(account.routing_number):
        account = AccountProblem.ROUTING
    if isinstance(account, AccountProblem):
        return Refused(record, account.value, account_sentence(account))
    return account


def sealed_account(record: Record, account: Vaulted, fingerprint: str, key: BatchKey, now_ms: int) -> Prepared:
    """The account sealed, with its side of the proof."""
    number = key.seal(account, new_token("bank"), fingerprint)
    material = SealedAccount(new_id("ba", now_ms), account, fingerprint, number)
    return Prepared(record, expected_account(record, account, fingerprint), material)


def expected_account(record: Record, account: Vaulted, fingerprint: str) -> Line:
    """What the bank account has to be."""
    body = cast("Exported", record.body)
    core = exported_bank(body, account, fingerprint)
    return Line(moved_id(Kind.BANK_ACCOUNTS, record.id), digest_of(core, kept_of_bank(body)))


def removed_account(record: Record) -> Prepared:
    """One that was taken off its owner."""
    name = moved_id(Kind.BANK_ACCOUNTS, record.id)
    return Prepared(record, Line(name, digest_of(name, REMOVED)))


class BankAccounts:
    """A number that changed there is a new one here: it is sealed anew, and its validation is that of the record."""

    def __init__(self, origin: Origin, actor: str) -> None:
        self._origin = origin
        self._actor = actor

    def apply(self, transaction: Transaction, one: Prepared) -> Outcome | Refused:
        """Write the account, unless it is here as it is."""
        moved = transaction.get(Moved, one.line.name)
        settled = standing(transaction, one, moved)
        if settled is not None:
            return settled
        if moved is None or moved.undone_at_ms > 0:
            return self._without(transaction, one)
        if one.material is None:
            return self._removed(transaction, one, moved)
        return self._changed(transaction, one, moved)

    def _without(self, transaction: Transaction, one: Prepared) -> Outcome | Refused:
        """One that is not here yet."""
        record = cast("Record", one.read)
        if one.material is None:
            return Refused(record, "detached", "It belongs to no account any more.")
        old_owner = cast("Exported", record.body).account
        owner = transaction.get(Moved, moved_id(Kind.ACCOUNTS, old_owner))
        provider = None if owner is None or owner.undone_at_ms > 0 else transaction.get(Provider, owner.local_id)
        if provider is None:
            return Refused(record, "account_missing", f"Its account {old_owner:.80} was not moved.")
        if provider.status == "closed":
            return Refused(record, "account_closed", f"Its account {old_owner:.80} is closed.")
        return self._new(transaction, one, provider)

    def find(self, transaction: Transaction, name: str) -> StoredBank | None:
        """What is stored of an external account."""
        moved = transaction.get(Moved, name)
        bank = None if moved is None else transaction.get(BankAccount, moved.local_id)
        if moved is None or bank is None or moved.undone_at_ms > 0:
            return None
        old_owner = moved.validation.partition(":")[0]
        owner = transaction.get(Moved, moved_id(Kind.ACCOUNTS, old_owner))
        fits = owner is not None and owner.local_id == bank.holder_id
        return StoredBank(moved, bank, find_number(transaction, bank.token), old_owner if fits else "")

    def line(self, name: str, found: StoredBank | None, account: Vaulted | None, fingerprint: str) -> Line | None:
        """What the store says of an external account whose number was opened again."""
        if found is None:
            return None
        if found.bank.version != found.moved.version:
            return Line(name, CHANGED_HERE)
        if account is None:
            return Line(name, digest_of(name, REMOVED) if found.bank.status == "disabled" else "")
        core = stored_bank(found.bank, account, fingerprint, found.owner)
        return Line(name, digest_of(core, found.moved.kept))

    def take_back(self, transaction: Transaction, moved: Moved, now_ms: int) -> str:
        """Disable the account and destroy its number."""
        self._end(transaction, moved)
        transaction.put(msgspec.structs.replace(moved, undone_at_ms=now_ms))
        return ""

    def _new(self, transaction: Transaction, one: Prepared, provider: Provider) -> Outcome:
        record, material = cast("Record", one.read), cast("SealedAccount", one.material)
        body, now_ms = cast("Exported", record.body), transaction.now_ms
        once_id = _once_id(provider.id, material, body)
        once = transaction.get(SealedOnce, once_id)
        link = None if once is None else transaction.get(TokenLink, once.token)
        if once is not None and link is not None:
            known = transaction.get(BankAccount, link.bank_account_id)
            if known is not None:
                join(transaction, once, one.line.name)
                transaction.put(_moved(one, known, once_id, now_ms))
                return Outcome.MERGED
        token = material.number.record.token
        keep_number(transaction, material.number)
        status = STATUS_OF.get(body.status, "unverified")
        account = BankAccount(
            id=material.bank_account_id,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
            changed_at_ms=now_ms,
            holder_id=provider.id,
            holder_kind="provider",
            holder_name=holder_of(body),
            token=token,
            fingerprint=material.fingerprint,
            routing_number=material.account.routing_number,
            last4=material.account.account_number.last4,
            account_type=material.account.account_type,
            account_class=class_of(body),
            status=status,
            verified_at_ms=now_ms if status == "verified" else 0,
        )
        transaction.put(TokenLink(id=token, bank_account_id=account.id))
        transaction.put(SealedOnce(id=once_id, token=token, names=(one.line.name,)))
        record_change(transaction, self._origin, account, status=account.status)
        if body.default_for_currency or provider.default_bank_account_id == "":
            self._make_default(transaction, provider, account.id, body.account)
        transaction.put(_moved(one, account, once_id, now_ms))
        return Outcome.MOVED

    def _changed(self, transaction: Transaction, one: Prepared, moved: Moved) -> Outcome | Refused:
        """What the export says now; a worse validation counts, a better one is worked for here."""
        record, material = cast("Record", one.read), cast("SealedAccount", one.material)
        body = cast("Exported", record.body)
        bank = transaction.get(BankAccount, moved.local_id)
        if bank is None or bank.status == "disabled":
            return Refused(record, "disabled_here", "The bank account was disabled here; it is not used again.")
        if (bank.fingerprint, bank.account_type) != (material.fingerprint, material.account.account_type):
            return Refused(record, "number_changed", "Its number is another; it has to be added as a new account.")
        status = STATUS_OF.get(body.status, "unverified")
        changes: dict[str, object] = {"holder_name": holder_of(body), "account_class": class_of(body)}
        if status == "failed" and bank.status == "unverified":
            changes["status"] = "failed"
        after = next_of(bank, transaction.now_ms, **changes)
        record_change(transaction, self._origin, after, status=after.status, previous_status=bank.status)
        once_id = moved.validation.partition(":")[2]
        after_moved = _moved(one, after, once_id, transaction.now_ms)
        transaction.put(msgspec.structs.replace(after_moved, made_here=moved.made_here))
        return Outcome.UPDATED

    def _removed(self, transaction: Transaction, one: Prepared, moved: Moved) -> Outcome | Refused:
        record = cast("Record", one.read)
        if is_left_to_others(transaction, moved.validation.partition(":")[2], moved.id):
            return Refused(record, "still_there", "The same account is there under another id; it stays usable here.")
        version = self._end(transaction, moved)
        transaction.put(taken_off(moved, one, version))
        return Outcome.UPDATED

    def _end(self, transaction: Transaction, moved: Moved) -> int:
        """Disable the account; the version that it has then."""
        bank = transaction.get(BankAccount, moved.local_id)
        if bank is None or bank.status == "disabled":
            return 0 if bank is None else bank.version
        after = next_of(bank, transaction.now_ms, status="disabled", disabled_code=CLOSED, deadline_at_ms=0)
        record_change(transaction, self._origin, after, status="disabled", previous_status=bank.status)
        provider = transaction.get(Provider, bank.holder_id)
        if provider is not None and provider.default_bank_account_id == bank.id:
            self._make_default(transaction, provider, "", moved.validation.partition(":")[0])
        transaction.delete(TokenLink, bank.token)
        transaction.delete(SealedOnce, moved.validation.partition(":")[2])
        shred_number(transaction, self._origin, bank.token, actor=self._actor, reason=UNDO_REASON)
        return after.version

    def _make_default(self, transaction: Transaction, provider: Provider, account_id: str, old_owner: str) -> None:
        owner = transaction.get(Moved, moved_id(Kind.ACCOUNTS, old_owner))
        if owner is not None and owner.version == provider.version:
            transaction.put(msgspec.structs.replace(owner, version=provider.version + 1))
        after = next_of(
            provider,
            transaction.now_ms,
            default_bank_account_id=account_id,
            bank_account_changed_at_ms=transaction.now_ms if account_id != "" else 0,
        )
        record_change(transaction, self._origin, after, status=after.status, previous_status=provider.status)


def _once_id(provider_id: str, material: SealedAccount, body: Exported) -> str:
    core = digest_of(material.fingerprint, type_of(body), class_of(body), holder_of(body))
    return f"{provider_id}:{core}"


def _moved(one: Prepared, bank: BankAccount, once_id: str, now_ms: int) -> Moved:
    record = cast("Record", one.read)
    body = cast("Exported", record.body)
    return Moved(
        id=one.line.name,
        local_id=bank.id,
        source_hash=record.source_hash,
        content=one.line.sha256,
        version=bank.version,
        validation=f"{body.account}:{once_id}",
        moved_at_ms=now_ms,
        occurred_at_ms=record.occurred_at_ms,
        position=record.position,
        kept=kept_of_bank(body),
    )
