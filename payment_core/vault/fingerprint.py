"""Tells that two numbers are equal without keeping either: HMAC-SHA256 of the whole number (PCI DSS 3.5.1.1)."""

import hmac

from payment_core.clock import Clock
from payment_core.vault.encoding import framed
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.port import KeyService, erase
from payment_core.vault.keys.single_flight import SingleFlight
from payment_core.vault.numbers.instruments import BankAccount
from payment_core.vault.numbers.sensitive import Pan
from payment_core.vault.ports import DataKeyRows
from payment_core.vault.records import DataKeyRow
from payment_core.vault.tokens import letters


class Fingerprints:
    """Fingerprints of one tenant: ``fp_`` and 64 letters of a to p.

    The key is a data key of its own purpose and context. It is made once and never replaced, because a new one would
    make equal numbers differ; re-encryption under another key of the key service leaves it as it is.
    """

    def __init__(
        self, *, tenant: str, service: KeyService, rows: DataKeyRows, cache: DataKeyCache, clock: Clock
    ) -> None:
        self._tenant = tenant
        self._service = service
        self._rows = rows
        self._cache = cache
        self._clock = clock
        self._row: DataKeyRow | None = None
        self._finding: SingleFlight[DataKeyRow] = SingleFlight()

    async def of_card(self, pan: Pan) -> str:
        """Of the whole card number. Raises what KeyService raises."""
        return await self._of("card", pan.reveal())

    async def of_bank_account(self, account: BankAccount) -> str:
        """Of routing and account number; letters' case and hyphens do not matter. Raises what KeyService raises."""
        return await self._of("bank_account", account.routing_number, account.account_number.normalized())

    async def _of(self, *parts: str) -> str:
        row = self._row
        # Read again with every new decryption: the row may have been encrypted anew, under another master key.
        if row is None or not self._cache.holds(row):
            row = self._row = await self._finding.run(self._tenant, self._find)
        key = (await self._cache.opening_key(row)).bytes_for_mac()
        digest = hmac.digest(key, framed(*parts), "sha256")
        erase(key)
        return f"fp_{letters(digest)}"

    async def _find(self) -> DataKeyRow:
        row_id = f"fpk_{self._tenant}"
        row = await self._rows.get(row_id)
        if row is not None:
            return row
        made = await self._service.generate_data_key(self._cache.context("fingerprint"))
        erase(made.plaintext)
        # Of two processes that start at once the first row counts, and both read it.
        return await self._rows.add(
            DataKeyRow(
                id=row_id,
                tenant=self._tenant,
                purpose="fingerprint",
                wrapped=made.wrapped,
                created_at_ms=self._clock.now_ms(),
                sealing_ends_at_ms=0,
            )
        )
