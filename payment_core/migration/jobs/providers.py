"""Connected accounts become providers: each is screened, as a provider that is made here is."""

from typing import cast

import msgspec

from payment_core.fraud.screening import Screened
from payment_core.identifiers import new_id
from payment_core.ledger.accounts import CUSTOMER_ESCROW, PROVIDER_AVAILABLE
from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.account import Account
from payment_core.migration.jobs.accounts import (
    account_refusal,
    exported_account,
    kept_of_account,
    name_of,
    standing_of,
    stored_account,
)
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.port import CHANGED_HERE, Prepared, Refused, standing
from payment_core.migration.model import Moved, moved_id
from payment_core.migration.names import Outcome
from payment_core.migration.proof.sides import Line
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.providers.model import Provider
from payment_core.providers.screening import NameScreen, screened
from payment_core.store.port import Transaction

REMOVED = "removed"
UNDONE = "the migration was undone"


class _Screened(msgspec.Struct, frozen=True):
    """provider_id: made before the transaction, which may run twice."""

    provider_id: str
    answer: Screened


class StoredProvider(msgspec.Struct, frozen=True):
    """What the store holds of one account."""

    moved: Moved
    provider: Provider


class Providers:
    """What people decided here about a provider stays: a record makes its standing worse, never better."""

    def __init__(self, screen: NameScreen, origin: Origin) -> None:
        self._screen = screen
        self._origin = origin

    def expect(self, record: Record) -> Line | Refused:
        """What the provider has to be."""
        refused = account_refusal(record)
        return Line(moved_id(record.kind, record.id), exported_account(record)) if refused is None else refused

    def prepare(self, record: Record, now_ms: int) -> Prepared | Refused:
        """Screen the name."""
        line = self.expect(record)
        if isinstance(line, Refused):
            return line
        answer = self._screen.screen(name_of(cast("Account", record.body)))
        return Prepared(record, line, _Screened(new_id("pro", now_ms), answer))

    def apply(self, transaction: Transaction, one: Prepared) -> Outcome | Refused:
        """Write the provider, unless it is here as it is."""
        record, material = cast("Record", one.read), cast("_Screened", one.material)
        account = cast("Account", record.body)
        moved = transaction.get(Moved, one.line.name)
        settled = standing(transaction, one, moved)
        if settled is not None:
            return settled
        if moved is not None and moved.undone_at_ms == 0:
            return self._changed(transaction, one, moved)
        there = standing_of(account, is_removed=record.is_removed)
        provider = Provider(
            id=material.provider_id,
            created_at_ms=transaction.now_ms,
            updated_at_ms=transaction.now_ms,
            name=name_of(account),
            status=there.status,
            suspended_for=there.suspended_for,
        )
        if there.status != "closed":
            provider = screened(transaction, self._origin, provider, material.answer)
        record_change(transaction, self._origin, provider, status=provider.status)
        transaction.put(_moved(one, provider, transaction.now_ms))
        return Outcome.MOVED

    def find(self, transaction: Transaction, name: str) -> StoredProvider | None:
        """What is stored of an account."""
        moved = transaction.get(Moved, name)
        provider = None if moved is None else transaction.get(Provider, moved.local_id)
        if moved is None or provider is None or moved.undone_at_ms > 0:
            return None
        return StoredProvider(moved, provider)

    def line(self, name: str, found: StoredProvider | None) -> Line | None:
        """What the store says of an account."""
        if found is None:
            return None
        if found.provider.version != found.moved.version:
            return Line(name, CHANGED_HERE)
        is_removed = found.moved.validation == REMOVED
        return Line(name, stored_account(found.provider, found.moved.kept, is_removed=is_removed))

    def take_back(self, transaction: Transaction, moved: Moved, now_ms: int) -> str:
        """Close the provider; one that is owed something here stays."""
        provider = transaction.get(Provider, moved.local_id)
        if provider is not None and provider.status != "closed":
            owed = (PROVIDER_AVAILABLE.of(provider.id), CUSTOMER_ESCROW.of(provider.id))
            if any(transaction.balances(account).balance_cents("credit") != 0 for account in owed):
                return f"{provider.id} is owed money here"
            after = next_of(provider, now_ms, status="closed")
            record_change(transaction, self._origin, after, status="closed", previous_status=provider.status)
        transaction.put(msgspec.structs.replace(moved, undone_at_ms=now_ms))
        return ""

    def _changed(self, transaction: Transaction, one: Prepared, moved: Moved) -> Outcome | Refused:
        record, material = cast("Record", one.read), cast("_Screened", one.material)
        account = cast("Account", record.body)
        provider = transaction.get(Provider, moved.local_id)
        if provider is None or (provider.status == "closed" and not record.is_removed):
            return Refused(record, "closed_here", "The provider was closed here; it is not opened again.")
        there = standing_of(account, is_removed=record.is_removed)
        changes: dict[str, object] = {"name": name_of(account)}
        if there.status in {"closed", "suspended"} and provider.status != "closed":
            changes |= {"status": there.status, "suspended_for": there.suspended_for}
        elif there.status == "needs_review" and provider.status == "active":
            changes["status"] = "needs_review"
        after = next_of(provider, transaction.now_ms, **changes)
        if after.name != provider.name and after.status != "closed":
            after = screened(transaction, self._origin, after, material.answer)
        record_change(transaction, self._origin, after, status=after.status, previous_status=provider.status)
        after_moved = _moved(one, after, transaction.now_ms)
        transaction.put(msgspec.structs.replace(after_moved, made_here=moved.made_here))
        return Outcome.UPDATED


def _moved(one: Prepared, provider: Provider, now_ms: int) -> Moved:
    record = cast("Record", one.read)
    return Moved(
        id=one.line.name,
        local_id=provider.id,
        source_hash=record.source_hash,
        content=one.line.sha256,
        version=provider.version,
        validation=REMOVED if record.is_removed else digest_of(cast("Account", record.body).requirements),
        moved_at_ms=now_ms,
        occurred_at_ms=record.occurred_at_ms,
        position=record.position,
        kept=kept_of_account(cast("Account", record.body)),
    )
