"""Opens keys of stored cards and accounts, data key by data key, as this release would; no number is opened."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from payment_core.answers import Answer, ok
from payment_core.operations.call import Call
from payment_core.origin import Origin
from payment_core.vault.errors import VaultError
from payment_core.vault.keys import DataKey, erase
from payment_core.vault.records import DataKeyRow, RecordKey
from payment_core.vault.sealing import key_aad

DATA_KEYS_MAX = 10
"""The newest: a data key seals for some hours, so they reach back over a rollout and its bake."""
ROWS_MAX = 1_000
"""Rows that are looked through for them; years of keys."""
EACH_MAX = 5
"""Keys of one data key; one that opens says that the key service and the cipher do."""


class DataKeyRows(Protocol):
    """The data keys in the store, and what is sealed under them."""

    async def data_keys(self, tenant: str, after_id: str, limit: int) -> Sequence[DataKeyRow]:
        """The tenant's, in order of id."""
        ...

    async def keys_under(self, data_key_id: str, after_token: str, limit: int) -> Sequence[RecordKey]:
        """Keys of records, in order of token."""
        ...


class OpeningKeys(Protocol):
    """Data keys in memory, or from the key service. Raises VaultError."""

    async def opening_key(self, row: DataKeyRow) -> DataKey:
        """The key to open with."""
        ...


class OpenedKey(msgspec.Struct, frozen=True, kw_only=True):
    """One data key. failed: keys under it that do not open, and will not. example: the first token of those."""

    data_key: str
    opened: int
    failed: int
    example: str


class TokensView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest data keys, as this release opens what they seal."""

    object: Literal["tokens"] = "tokens"
    keys: list[OpenedKey]
    environment: str
    version: str


class TokenCheck:
    """Proves that what any release has sealed, this one can open.

    What is only away for a moment, such as the key service, is neither opened nor failed; a key that this release may
    not use fails, with everything that is sealed under it.
    """

    def __init__(self, rows: DataKeyRows, cache: OpeningKeys, tenant: str, origin: Origin) -> None:
        self._rows = rows
        self._cache = cache
        self._tenant = tenant
        self._origin = origin

    async def answer(self, _call: Call, _body: None) -> Answer:
        """Look now."""
        keys = [await self._opened(row) for row in await self._newest()]
        environment, version = self._origin.environment, self._origin.release
        return ok(TokensView(keys=keys, environment=environment, version=version))

    async def _newest(self) -> list[DataKeyRow]:
        rows = await self._rows.data_keys(self._tenant, "", ROWS_MAX)
        sealing = [row for row in rows if row.purpose == "records"]
        return sorted(sealing, key=lambda row: row.created_at_ms, reverse=True)[:DATA_KEYS_MAX]

    async def _opened(self, row: DataKeyRow) -> OpenedKey:
        opened = 0
        failed = []
        for key in await self._rows.keys_under(row.id, "", EACH_MAX):
            try:
                data_key = await self._cache.opening_key(row)
                erase(bytearray(data_key.open(key.sealed, key_aad(key.tenant, key.token, row.id))))
            except VaultError as error:
                if not error.retryable:
                    failed.append(key.token)
            else:
                opened += 1
        return OpenedKey(data_key=row.id, opened=opened, failed=len(failed), example=failed[0] if failed else "")
