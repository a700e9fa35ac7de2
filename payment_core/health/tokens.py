"""Opens keys of stored cards and accounts as this release would, and seals one for another release to open."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal, Protocol

import msgspec

from payment_core.answers import Answer, ok
from payment_core.operations.call import Call
from payment_core.operations.once import answered_before, perform_once
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore
from payment_core.vault.errors import VaultError
from payment_core.vault.keys.port import DataKey, erase
from payment_core.vault.numbers.instruments import Card
from payment_core.vault.numbers.sensitive import Pan
from payment_core.vault.records import DataKeyRow, RecordKey
from payment_core.vault.sealing import key_aad
from payment_core.vault.vault import CardToken

DATA_KEYS_MAX = 10
"""The newest: a data key seals for some hours, so they reach back over a rollout and its bake."""
EACH_MAX = 5
"""Keys of one data key; one that opens says that the key service and the cipher do."""


OPERATION = "health.token"
TEST_CARD = Card(Pan("4242424242424242"), 12, 2099, "")
"""The documented test card, which no issuer has given out."""


class DataKeyRows(Protocol):
    """The data keys in the store, and what is sealed under them."""

    async def newest_data_keys(self, tenant: str, limit: int) -> Sequence[DataKeyRow]:
        """The tenant's, the last id first: ids are in order of time."""
        ...

    async def get(self, data_key_id: str) -> DataKeyRow | None:
        """One of them."""
        ...

    async def keys_under(self, data_key_id: str, after_token: str, limit: int) -> Sequence[RecordKey]:
        """Keys of records, in order of token."""
        ...


class Tokens(Protocol):
    """Stored cards."""

    async def key_of(self, token: str) -> RecordKey | None:
        """The key of what stands behind a token; None when there is none (any more)."""
        ...


class Sealing(Protocol):
    """The vault. Raises VaultError."""

    async def tokenize_card(self, card: Card) -> CardToken:
        """Keep a card."""
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


class SealTestCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Seal the test card. There is nothing to choose."""


class SealedTestCard(msgspec.Struct, frozen=True, kw_only=True):
    """A token that belongs to nobody, so that the sweep destroys it within two hours."""

    object: Literal["test_token"] = "test_token"
    token: str
    environment: str
    version: str


class TokenCheck:
    """Proves that what any release has sealed, this one can open.

    What is only away for a moment, such as the key service, is neither opened nor failed; a key that this release may
    not use fails, with everything that is sealed under it.
    """

    def __init__(self, rows: DataKeyRows, tokens: Tokens, cache: OpeningKeys, tenant: str, origin: Origin) -> None:
        self._rows = rows
        self._tokens = tokens
        self._cache = cache
        self._tenant = tenant
        self._origin = origin

    async def answer(self, call: Call, _body: None) -> Answer:
        """Look now: at one token when the query names it, otherwise at some under each data key."""
        token = str(call.query.get("token", ""))
        if token:
            keys = await self._named(token)
        else:
            keys = [await self._opened(row, await self._under(row)) for row in await self._newest()]
        environment, version = self._origin.environment, self._origin.release
        return ok(TokensView(keys=keys, environment=environment, version=version))

    async def _newest(self) -> list[DataKeyRow]:
        # One row of each tenant seals no records: the key of its fingerprints.
        rows = await self._rows.newest_data_keys(self._tenant, DATA_KEYS_MAX + 1)
        return [row for row in rows if row.purpose == "records"][:DATA_KEYS_MAX]

    async def _named(self, token: str) -> list[OpenedKey]:
        """The data key of one token; nothing when the token is gone."""
        key = await self._tokens.key_of(token)
        row = None if key is None else await self._rows.get(key.data_key_id)
        return [] if key is None or row is None else [await self._opened(row, [key])]

    async def _under(self, row: DataKeyRow) -> Sequence[RecordKey]:
        return await self._rows.keys_under(row.id, "", EACH_MAX)

    async def _opened(self, row: DataKeyRow, keys: Sequence[RecordKey]) -> OpenedKey:
        opened = 0
        failed = []
        for key in keys:
            try:
                data_key = await self._cache.opening_key(row)
                erase(bytearray(data_key.open(key.sealed, key_aad(key.tenant, key.token, row.id))))
            except VaultError as error:
                if not error.retryable:
                    failed.append(key.token)
            else:
                opened += 1
        return OpenedKey(data_key=row.id, opened=opened, failed=len(failed), example=failed[0] if failed else "")


class TokenSealing:
    """Seals the test card as this release seals every card, once for each key, for the other release to open."""

    def __init__(self, store: LedgerStore, vault: Sealing, origin: Origin) -> None:
        self._store = store
        self._vault = vault
        self._origin = origin

    async def seal(self, call: Call, _body: SealTestCard) -> Answer | StrEnum:
        """The token. Raises VaultError when nothing can be sealed."""
        known = await answered_before(self._store, OPERATION, call)
        if known is not None:
            return known
        made = await self._vault.tokenize_card(TEST_CARD)
        environment, version = self._origin.environment, self._origin.release
        view = SealedTestCard(token=made.token, environment=environment, version=version)
        return await perform_once(self._store, OPERATION, call, lambda _: ok(view))
