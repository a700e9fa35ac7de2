"""The vault with its keys, records and audit trail, and the keys of hashes that all processes share."""

import secrets
from contextlib import AsyncExitStack

import msgspec
import structlog

from payment_core.assembly.cipher import VaultCipher
from payment_core.aws.kms import AwsKeyService
from payment_core.clock import Clock
from payment_core.methods.encryption_health import EncryptionHealthReport
from payment_core.methods.model import SealedHashKeys, VaultDataKey
from payment_core.methods.revealing import AccountReveal, Revealing
from payment_core.methods.vault_accesses import StoredVaultAccesses
from payment_core.methods.vault_keys import StoredDataKeys
from payment_core.methods.vault_records import StoredVaultRecords
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing
from payment_core.vault.errors import VaultError
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.local_keys import LocalKeyService
from payment_core.vault.keys.port import KeyState
from payment_core.vault.keys.watch import KeyWatch
from payment_core.vault.vault import Vault

log = structlog.get_logger()

TENANT = "default"
"""One marketplace, one vault."""

CONTENT_TENANT = "content"
"""Whose data keys seal everything that is no number: ACH files, secrets of webhooks, keys of hashes."""

HASH_KEY_BYTES = 32
SECRETS = 4
HASH_KEYS_ID = "hash_keys"
ACTOR = "core:vault"


class HashKeys(msgspec.Struct, frozen=True):
    """Secrets that every process shares: for keyed hashes of e-mail addresses, of micro-entries, of bodies with cards.

    roots: the seed of the Ed25519 key that signs the daily roots of the audit trail. While the key service refuses to
    open the shared ones, those of this process alone stand in for them, and there is none for micro-entries: a right
    guess would count as a wrong one. They are overwritten in place once the shared ones can be opened.
    """

    emails: bytearray
    amounts: bytearray
    bodies: bytearray
    roots: bytearray


class HashKeyRing:
    """Job: opens the shared keys as soon as the key service lets it; afterwards there is nothing to do."""

    def __init__(self, store: LedgerStore, cipher: VaultCipher) -> None:
        self._store = store
        self._cipher = cipher
        self._shared = False
        self.keys = HashKeys(_random_key(), bytearray(), _random_key(), _random_key())

    async def run_once(self, now_ms: int) -> int:  # noqa: ARG002 - every job is asked alike
        """Try once unless it succeeded before; 1 when the keys are the shared ones since now."""
        if self._shared:
            return 0
        try:
            opened = await self._open()
        except VaultError as error:
            log.error("keys of hashes are not shared", action="hash_keys_unavailable", fault=str(error))
            return 0
        for number, key in enumerate((self.keys.emails, self.keys.amounts, self.keys.bodies, self.keys.roots)):
            key[:] = opened[number * HASH_KEY_BYTES : (number + 1) * HASH_KEY_BYTES]
        self._shared = True
        return 1

    async def _open(self) -> bytes:
        """The shared keys, made by the first process that asks for them."""
        known = await self._store.read(SealedHashKeys, HASH_KEYS_ID)
        if known is None:
            made = secrets.token_bytes(SECRETS * HASH_KEY_BYTES)
            sealed = await self._cipher.seal(HASH_KEYS_ID, HASH_KEYS_ID, made)
            known = await self._store.transact(lambda transaction: _keep_first(transaction, sealed), ACTOR)
        return await self._cipher.open(HASH_KEYS_ID, HASH_KEYS_ID, known.sealed)


class Vaulting(msgspec.Struct, frozen=True):
    """Everything of the vault that other parts are given."""

    vault: Vault
    cache: DataKeyCache
    fingerprints: Fingerprints
    cipher: VaultCipher
    watch: KeyWatch
    health: EncryptionHealthReport
    revealing: Revealing
    numbers: AccountReveal
    hash_keys: HashKeys
    ring: HashKeyRing


async def open_vaulting(
    stack: AsyncExitStack, options: CoreOptions, store: LedgerStore, origin: Origin, clock: Clock
) -> Vaulting:
    """Open the vault.

    Raises KeyFileUnusable. A key that cannot be used does not keep the core from starting: cards are then refused.
    """
    # A new file beside numbers that are sealed already would hide that the old one was lost.
    nothing_is_sealed = not await store.query(Listing(VaultDataKey, limit=1))
    service = await open_key_service(stack, options, clock, may_create=nothing_is_sealed)
    watch = KeyWatch(service, clock, _note_key_state)
    rows = StoredDataKeys(store)
    cache = DataKeyCache(tenant=TENANT, service=watch, rows=rows, clock=clock)
    watch.clears(cache)
    fingerprints = Fingerprints(tenant=TENANT, service=watch, rows=rows, cache=cache, clock=clock)
    vault = Vault(
        tenant=TENANT,
        cache=cache,
        fingerprints=fingerprints,
        records=StoredVaultRecords(store),
        rows=rows,
        audit=StoredVaultAccesses(store, origin),
        clock=clock,
    )
    # Data keys of their own: retiring one of the numbers' must not destroy a file or a secret.
    content_cache = DataKeyCache(tenant=CONTENT_TENANT, service=watch, rows=rows, clock=clock)
    watch.clears(content_cache)
    ring = HashKeyRing(store, VaultCipher(tenant=CONTENT_TENANT, cache=content_cache, rows=rows))
    await ring.run_once(clock.now_ms())
    revealing = Revealing(vault)
    return Vaulting(
        vault=vault,
        cache=cache,
        fingerprints=fingerprints,
        cipher=VaultCipher(tenant=CONTENT_TENANT, cache=content_cache, rows=rows),
        watch=watch,
        health=EncryptionHealthReport(store, origin),
        revealing=revealing,
        numbers=AccountReveal(revealing),
        hash_keys=ring.keys,
        ring=ring,
    )


async def open_key_service(
    stack: AsyncExitStack, options: CoreOptions, clock: Clock, *, may_create: bool
) -> AwsKeyService | LocalKeyService:
    """KMS when the options name a key of it, otherwise the file beside the database. Raises KeyFileUnusable.

    may_create: whether the file is made when it is not there.
    """
    if options.kms_key != "":
        kms = AwsKeyService(key=options.kms_key, region=options.region, endpoint_url=options.kms_endpoint_url)
        return await stack.enter_async_context(kms)
    local = LocalKeyService(options.beside("keys"), clock)
    await local.open(create=may_create)
    return local


def _note_key_state(state: KeyState, at_ms: int, detail: str) -> None:
    """Say it loudly; the daemon is told by EncryptionHealthReport."""
    if state is not KeyState.ENABLED:
        log.error("no numbers are taken", action="encryption_unusable", state=state.value, at_ms=at_ms, detail=detail)


def _random_key() -> bytearray:
    return bytearray(secrets.token_bytes(HASH_KEY_BYTES))


def _keep_first(transaction: Transaction, sealed: bytes) -> SealedHashKeys:
    known = transaction.get(SealedHashKeys, HASH_KEYS_ID)
    if known is None:
        known = SealedHashKeys(id=HASH_KEYS_ID, sealed=sealed)
        transaction.put(known)
    return known
