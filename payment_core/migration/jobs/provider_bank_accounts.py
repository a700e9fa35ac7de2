"""The job ``provider-bank-accounts``: connected accounts first, then the bank accounts that they are paid to."""

from collections.abc import Sequence
from typing import cast

from payment_core.clock import Clock
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Read, Record
from payment_core.migration.jobs.bank_accounts import (
    BankAccounts,
    StoredBank,
    account_in,
    expected_account,
    removed_account,
    sealed_account,
)
from payment_core.migration.jobs.port import BatchWork, Prepared, Refused, refusal_of
from payment_core.migration.jobs.providers import Providers, StoredProvider
from payment_core.migration.jobs.sealing import NumberSealing
from payment_core.migration.model import Moved
from payment_core.migration.names import JobName, Outcome
from payment_core.migration.proof.sides import Line
from payment_core.store.port import Transaction
from payment_core.vault.numbers.instruments import BankAccount as Vaulted

ACCOUNT_PREFIX = f"{Kind.ACCOUNTS.value}:"


class ProviderBankAccounts:
    """Both kinds; a batch is of one of them."""

    name = JobName.PROVIDER_BANK_ACCOUNTS

    def __init__(self, sealing: NumberSealing, providers: Providers, bank_accounts: BankAccounts, clock: Clock) -> None:
        self._sealing = sealing
        self._providers = providers
        self._bank_accounts = bank_accounts
        self._clock = clock

    async def expect(self, reads: Sequence[Read]) -> list[Line | Refused]:
        """What each provider and bank account has to be."""
        found: list[Line | Refused] = []
        for read in reads:
            one = self._checked(read)
            if isinstance(one, Vaulted):
                fingerprint = await self._sealing.fingerprint(one)
                found.append(expected_account(cast("Record", read), one, fingerprint))
            else:
                found.append(one if isinstance(one, Refused) else one.line)
        return found

    async def prepare(self, reads: Sequence[Read]) -> list[Prepared | Refused]:
        """Screen names and seal numbers, the latter all under one data key."""
        checked = [self._checked(read) for read in reads]
        numbers = sum(isinstance(one, Vaulted) for one in checked)
        if numbers == 0:
            return [one for one in checked if not isinstance(one, Vaulted)]
        key = await self._sealing.key_for(numbers)
        found: list[Prepared | Refused] = []
        for read, one in zip(reads, checked, strict=True):
            if isinstance(one, Vaulted):
                fingerprint = await self._sealing.fingerprint(one)
                found.append(sealed_account(cast("Record", read), one, fingerprint, key, self._clock.now_ms()))
            else:
                found.append(one)
        return found

    def apply(self, transaction: Transaction, one: Prepared, work: BatchWork) -> Outcome | Refused:  # noqa: ARG002 - as every job
        """Write the provider or the bank account."""
        if one.read.kind is Kind.ACCOUNTS:
            return self._providers.apply(transaction, one)
        return self._bank_accounts.apply(transaction, one)

    def finish(self, transaction: Transaction, work: BatchWork) -> None:
        """Nothing is gathered."""

    def find(self, transaction: Transaction, names: Sequence[str], batch: str) -> list[object]:  # noqa: ARG002 - as every job
        """Providers, or bank accounts with their numbers."""
        return [
            self._providers.find(transaction, name)
            if name.startswith(ACCOUNT_PREFIX)
            else self._bank_accounts.find(transaction, name)
            for name in names
        ]

    async def lines(self, names: Sequence[str], found: Sequence[object]) -> list[Line | None]:
        """What is stored, with each number opened and its keyed hash worked out again."""
        banks = [one for one in found if isinstance(one, StoredBank) and one.bank.version == one.moved.version]
        stored = [one.number for one in banks if one.number is not None]
        opened = iter(await self._sealing.opened(stored))
        lines: list[Line | None] = []
        for name, one in zip(names, found, strict=True):
            if isinstance(one, StoredProvider) or name.startswith(ACCOUNT_PREFIX):
                lines.append(self._providers.line(name, cast("StoredProvider | None", one)))
                continue
            bank = cast("StoredBank | None", one)
            if bank is None or bank.number is None or bank.bank.version != bank.moved.version:
                lines.append(self._bank_accounts.line(name, bank, None, ""))
                continue
            account = cast("Vaulted", next(opened))
            fingerprint = await self._sealing.fingerprint(account)
            lines.append(self._bank_accounts.line(name, bank, account, fingerprint))
        return lines

    def release(self, lost_key: str = "") -> None:
        """Erase the batch's key."""
        self._sealing.release(lost_key)

    def take_back(self, transaction: Transaction, name: str, now_ms: int) -> str:
        """Close the provider, or disable the bank account."""
        moved = transaction.get(Moved, name)
        if moved is None or moved.undone_at_ms > 0:
            return ""
        if name.startswith(ACCOUNT_PREFIX):
            return self._providers.take_back(transaction, moved, now_ms)
        return self._bank_accounts.take_back(transaction, moved, now_ms)

    def _checked(self, read: Read) -> Prepared | Refused | Vaulted:
        if isinstance(read, Malformed):
            return refusal_of(read)
        if read.kind is Kind.ACCOUNTS:
            return self._providers.prepare(read, self._clock.now_ms())
        return removed_account(read) if read.is_removed else account_in(read)
