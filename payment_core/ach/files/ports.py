"""What files need of others: numbers from the vault, a cipher for bytes at rest, and whoever waits for an entry."""

from collections.abc import Callable, Mapping
from typing import Protocol

from payment_core.ach.files.model import AchEntry, EntryPurpose
from payment_core.store.port import Transaction


class RevealedNumber(Protocol):
    """An account number that does not print itself; ``payment_core.vault.numbers.sensitive.AccountNumber``."""

    def reveal(self) -> str:
        """The number itself."""
        ...


class AccountNumbers(Protocol):
    """The vault's door for ACH files; each opening is audited there."""

    async def reveal(self, token: str, reason: str, actor: str) -> RevealedNumber:
        """The account number. Raises CoreError, retryable during an outage; otherwise the number is gone for good."""
        ...


class FileCipher(Protocol):
    """Seals what holds account numbers before it is stored."""

    async def seal(self, purpose: str, subject_id: str, plain: bytes, /) -> bytes:
        """The sealed bytes; they open only for the same purpose and id."""
        ...

    async def open(self, purpose: str, subject_id: str, sealed: bytes, /) -> bytes:
        """The plain bytes. Raises CoreError when they were tampered with or belong elsewhere."""
        ...


EntryChanged = Callable[[Transaction, AchEntry], None]
"""Called in the transaction that changes an entry, with the entry as it is now."""

EntryHandlers = Mapping[EntryPurpose, EntryChanged]
