"""Seals bytes of any length at rest with the vault's data keys: ACH files, secrets of webhooks, keys of hashes."""

from payment_core.vault.encoding import LENGTH_BYTES, framed
from payment_core.vault.errors import DataKeyGone, TamperedRecord
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.ports import DataKeyRows


class VaultCipher:
    """Sealed bytes open only for the purpose and id they were sealed for.

    They begin with the data key's id, preceded by its length (4 bytes); the rest is nonce, AES-256-GCM ciphertext and
    tag. The additional data is tenant, purpose and id, each preceded by its length.
    """

    def __init__(self, *, tenant: str, cache: DataKeyCache, rows: DataKeyRows) -> None:
        self._tenant = tenant
        self._cache = cache
        self._rows = rows

    async def seal(self, purpose: str, record_id: str, plaintext: bytes) -> bytes:
        """The sealed bytes. Raises what the key service raises; nothing was sealed then."""
        key = await self._cache.sealing_key(len(plaintext))
        return framed(key.id) + key.seal(plaintext, self._additional_data(purpose, record_id))

    async def open(self, purpose: str, record_id: str, sealed: bytes) -> bytes:
        """The plaintext. Raises TamperedRecord, DataKeyGone and what the key service raises."""
        end = LENGTH_BYTES + int.from_bytes(sealed[:LENGTH_BYTES], "big")
        try:
            key_id = sealed[LENGTH_BYTES:end].decode("ascii")
        except UnicodeDecodeError:
            raise TamperedRecord("The sealed bytes name no data key.") from None
        row = await self._rows.get(key_id)
        if row is None:
            raise DataKeyGone(key_id[:64])
        key = await self._cache.opening_key(row)
        return key.open(sealed[end:], self._additional_data(purpose, record_id))

    def _additional_data(self, purpose: str, record_id: str) -> bytes:
        return framed(self._tenant, purpose, record_id)
