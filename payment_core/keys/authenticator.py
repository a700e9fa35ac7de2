"""Says who calls: the key's record by its hash, remembered for seconds so that a payment needs no extra read."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Protocol, TypeVar

from payment_core.clock import Clock
from payment_core.keys.model import ApiKey, KeySecret
from payment_core.keys.rates import Bucket, RateLimit
from payment_core.keys.refusals import EntryRefusal
from payment_core.keys.scopes import EVERYTHING
from payment_core.keys.secrets import SECRET, hash_of
from payment_core.store.records import Record
from payment_core.vault.keys.single_flight import SingleFlight

R = TypeVar("R", bound=Record)

REMEMBERED_MS = 5000
"""A key revoked through another process works here for at most this long."""

CALLERS_MAX = 10_000
"""Callers whose record or bucket is kept in memory; the one that was away longest goes first."""

UNKNOWN_KEYS = RateLimit(requests_per_second=50, burst=200)
"""Look-ups of keys that do not exist, of all callers together: guessing must not become load on the store."""

ADMIN_NAME = "admin"


class KeyReader(Protocol):
    """Where keys are kept."""

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        """The committed record."""
        ...


class Caller:
    """Who calls. actor: as the audit trail names them. bucket: None for a caller without a limit."""

    __slots__ = ("actor", "bucket", "expires_at_ms", "key_id", "revoked", "scopes", "until_ms")

    def __init__(self, key: ApiKey, bucket: Bucket | None, until_ms: float) -> None:
        self.actor = f"key:{key.name}"
        self.key_id = key.id
        self.scopes = frozenset(key.scopes)
        self.expires_at_ms = key.expires_at_ms
        self.revoked = key.status == "revoked"
        self.bucket = bucket
        self.until_ms = until_ms


class Authenticator:
    """One process's memory of its callers. admin_hashes: SHA-256 of keys that may do everything, without a limit."""

    def __init__(self, *, keys: KeyReader, clock: Clock, admin_hashes: frozenset[str] = frozenset()) -> None:
        self._keys = keys
        self._clock = clock
        self._callers: OrderedDict[str, Caller] = OrderedDict()
        self._buckets: OrderedDict[str, tuple[RateLimit, Bucket]] = OrderedDict()
        self._flights: SingleFlight[Caller | None] = SingleFlight()
        self._changes = 0
        self._unknown = Bucket(UNKNOWN_KEYS, clock.monotonic_ms())
        self._admins: Mapping[str, Caller] = {digest: _admin(digest) for digest in admin_hashes}

    def known(self, secret_sha256: str) -> Caller | None:
        """The caller as remembered; None when the store has to be asked."""
        caller = self._callers.get(secret_sha256)
        if caller is not None and caller.until_ms > self._clock.monotonic_ms():
            return caller
        return self._admins.get(secret_sha256)

    async def look_up(self, secret_sha256: str) -> Caller | None:
        """The caller as stored; None when there is no such key. Who asks for the same key meanwhile waits for it."""
        return await self._flights.run(secret_sha256, lambda: self._read(secret_sha256))

    async def _read(self, secret_sha256: str) -> Caller | None:
        changes = self._changes
        found = await self._keys.read(KeySecret, secret_sha256)
        key = None if found is None else await self._keys.read(ApiKey, found.key_id)
        if key is None:
            self._unknown.take(self._clock.monotonic_ms())
            return None
        caller = Caller(key, self._bucket(key), self._clock.monotonic_ms() + REMEMBERED_MS)
        # A key that changed while it was read may have been read as it was before.
        if changes == self._changes:
            self._callers[secret_sha256] = caller
            self._callers.move_to_end(secret_sha256)
        if len(self._callers) > CALLERS_MAX:
            self._callers.popitem(last=False)
        return caller

    def unusable(self, caller: Caller) -> EntryRefusal | None:
        """Why the key opens nothing any more."""
        if caller.revoked:
            return EntryRefusal.API_KEY_REVOKED
        if 0 < caller.expires_at_ms <= self._clock.now_ms():
            return EntryRefusal.API_KEY_EXPIRED
        return None

    def guessing(self) -> bool:
        """Whether so many unknown keys were tried that no other may be looked up now."""
        return self._unknown.empty(self._clock.monotonic_ms())

    def forget(self, secret_sha256: str) -> None:
        """Ask the store about this key next time: it changed."""
        self._changes += 1
        self._callers.pop(secret_sha256, None)

    def _bucket(self, key: ApiKey) -> Bucket:
        """The key's bucket; asking the store again does not fill it."""
        limit = RateLimit(key.requests_per_second, key.burst)
        kept = self._buckets.get(key.id)
        if kept is None or kept[0] != limit:
            kept = self._buckets[key.id] = (limit, Bucket(limit, self._clock.monotonic_ms()))
        self._buckets.move_to_end(key.id)
        if len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        return kept[1]


def parse_bearer(header: bytes | None) -> str | EntryRefusal:
    """The secret's SHA-256 from an Authorization header."""
    if header is None or header == b"":
        return EntryRefusal.CREDENTIALS_MISSING
    scheme, _, secret = header.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or SECRET.fullmatch(secret) is None:
        return EntryRefusal.CREDENTIALS_MALFORMED
    return hash_of(secret)


def _admin(digest: str) -> Caller:
    key = ApiKey(
        id=ADMIN_NAME,
        name=ADMIN_NAME,
        shown="",
        secret_sha256=digest,
        scopes=(EVERYTHING,),
        requests_per_second=0,
        burst=0,
        created_at_ms=0,
        updated_at_ms=0,
    )
    return Caller(key, None, 0)
