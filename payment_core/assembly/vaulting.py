"""The vault with its keys, records and audit trail, and the keys of hashes that all processes share."""

import secrets
from contextlib import AsyncExitStack

import msgspec
import structlog

from payment_core.assembly.cipher import VaultCipher
from payment_core.aws.kms import AwsKeyService
from payment_core.clock import Clock
from payment_core.methods.encryption_health import EncryptionHealthReport
from payment_core.methods.model import VaultDataKey
from payment_core.methods.revealing import AccountReveal, Revealing
from payment_core.methods.vault_accesses import StoredVaultAccesses
from payment_core.methods.vault_keys import StoredDataKeys
from payment_core.methods.vault_records import StoredVaultRecords
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing, Record
from payment_core.vault.errors import VaultError
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.key_cache import DataKeyCache
from payment_core.vault.key_watch import KeyWatch
from payment_core.vault.keys import KeyService, KeyState
from payment_core.vault.local_keys import LocalKeyService
from payment_core.vault.vault import Vault

log = structlog.get_logger()

TENANT = "default"
"""One marketplace, one vault."""

HASH_KEY_BYTES = 32
SECRETS = 4
HASH_KEYS_ID = "hash_keys"
ACTOR = "core:vault"


class HashKeys(msgspec.Struct, frozen=True):
    """Secrets that every process shares: for keyed hashes of e-mail addresses, of micro-entries, of bodies with cards.

    roots: the seed of the Ed25519 key that signs the daily roots of the audit trail.
    """

    emails: bytes
    amounts: bytes
    bodies: bytes
    roots: bytes


class SealedHashKeys(Record, frozen=True, gc=False, kw_only=True, tag="hash_keys"):
    """The keys of hashes, sealed under a data key of the vault."""

    sealed: bytes


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


async def open_vaulting(
    stack: AsyncExitStack, options: CoreOptions, store: LedgerStore, origin: Origin, clock: Clock
) -> Vaulting:
    """Open the vault.

    Raises KeyFileUnusable. A key that cannot be used does not keep the core from starting: cards are then refused.
    """
    service = await _key_service(stack, options, store, clock)
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
    cipher = VaultCipher(tenant=TENANT, cache=cache, rows=rows)
    revealing = Revealing(vault)
    return Vaulting(
        vault=vault,
        cache=cache,
        fingerprints=fingerprints,
        cipher=cipher,
        watch=watch,
        health=EncryptionHealthReport(store, origin),
        revealing=revealing,
        numbers=AccountReveal(revealing),
        hash_keys=await _hash_keys(store, cipher),
    )


async def _key_service(stack: AsyncExitStack, options: CoreOptions, store: LedgerStore, clock: Clock) -> KeyService:
    if options.kms_key != "":
        kms = AwsKeyService(key=options.kms_key, region=options.region, endpoint_url=options.kms_endpoint_url)
        return await stack.enter_async_context(kms)
    local = LocalKeyService(options.beside("keys"), clock)
    # A new file beside numbers that are sealed already would hide that the old one was lost.
    nothing_is_sealed = not await store.query(Listing(VaultDataKey, limit=1))
    await local.open(create=nothing_is_sealed)
    return local


def _note_key_state(state: KeyState, at_ms: int, detail: str) -> None:
    """Say it loudly; the daemon is told by whoever is refused."""
    if state is not KeyState.ENABLED:
        log.error("no numbers are taken", action="encryption_unusable", state=state.value, at_ms=at_ms, detail=detail)


async def _hash_keys(store: LedgerStore, cipher: VaultCipher) -> HashKeys:
    """The shared keys, made by the first process. While the key service refuses, keys of this process alone."""
    try:
        known = await store.read(SealedHashKeys, HASH_KEYS_ID)
        if known is None:
            made = secrets.token_bytes(SECRETS * HASH_KEY_BYTES)
            sealed = await cipher.seal(HASH_KEYS_ID, HASH_KEYS_ID, made)
            known = await store.transact(lambda transaction: _keep_first(transaction, sealed), ACTOR)
        return _parts(await cipher.open(HASH_KEYS_ID, HASH_KEYS_ID, known.sealed))
    except VaultError as error:
        log.error("keys of hashes are not shared", action="hash_keys_unavailable", fault=str(error))
        return _parts(secrets.token_bytes(SECRETS * HASH_KEY_BYTES))


def _keep_first(transaction: Transaction, sealed: bytes) -> SealedHashKeys:
    known = transaction.get(SealedHashKeys, HASH_KEYS_ID)
    if known is None:
        known = SealedHashKeys(id=HASH_KEYS_ID, sealed=sealed)
        transaction.put(known)
    return known


def _parts(together: bytes) -> HashKeys:
    return HashKeys(*(together[at : at + HASH_KEY_BYTES] for at in range(0, len(together), HASH_KEY_BYTES)))
