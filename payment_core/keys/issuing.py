"""Makes and revokes API keys."""

from collections.abc import Callable
from enum import StrEnum

from payment_core.answers import Answer, ok, with_secret
from payment_core.identifiers import new_id
from payment_core.keys.authenticator import ADMIN_NAME
from payment_core.keys.model import ApiKey, KeyName, KeySecret
from payment_core.keys.refusals import KeyRefusal
from payment_core.keys.requests import CreateKey
from payment_core.keys.scopes import EVERYTHING, not_held
from payment_core.keys.secrets import KeyMode, hash_of, new_secret, shown_part
from payment_core.keys.views import view_key
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of, record_change
from payment_core.operations.once import perform_once
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction

CREATE, REVOKE = "api_key.create", "api_key.revoke"


class Keys:
    """The keys of one store. known_scopes: of all routes. on_change: told the secret's hash when a key was revoked."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        origin: Origin,
        known_scopes: frozenset[str],
        on_change: Callable[[str], None],
        mode: KeyMode = "live",
    ) -> None:
        self._store = store
        self._origin = origin
        self._known_scopes = known_scopes | {EVERYTHING}
        self._on_change = on_change
        self._mode: KeyMode = mode

    async def create(self, call: Call, body: CreateKey) -> Answer | StrEnum:
        """Make a key. Its secret is in this answer alone; what is stored for a replay is without it."""
        secret = new_secret(self._mode)

        def work(transaction: Transaction) -> Answer | KeyRefusal:
            return self._create(transaction, call, body, secret)

        return with_secret(await perform_once(self._store, CREATE, call, work), secret)

    async def revoke(self, call: Call, _body: None) -> Answer | StrEnum:
        """End a key for good; other processes learn of it within seconds."""

        def work(transaction: Transaction) -> Answer | KeyRefusal:
            return self._revoke(transaction, call.path["key_id"])

        answer = await perform_once(self._store, REVOKE, call, work)
        if isinstance(answer, Answer):
            key = await self._store.read(ApiKey, call.path["key_id"])
            if key is not None:
                self._on_change(key.secret_sha256)
        return answer

    def _create(self, transaction: Transaction, call: Call, body: CreateKey, secret: str) -> Answer | KeyRefusal:
        now_ms = transaction.now_ms
        if not self._known_scopes.issuperset(body.scopes):
            return KeyRefusal.API_KEY_SCOPE_UNKNOWN
        if not_held(call.scopes, body.scopes):
            return KeyRefusal.API_KEY_SCOPE_NOT_HELD
        if 0 < body.expires_at_ms <= now_ms:
            return KeyRefusal.API_KEY_EXPIRY_PAST
        if body.name == ADMIN_NAME or transaction.get(KeyName, body.name) is not None:
            return KeyRefusal.API_KEY_NAME_TAKEN
        key = ApiKey(
            id=new_id("key", now_ms),
            name=body.name,
            shown=shown_part(secret),
            secret_sha256=hash_of(secret),
            scopes=tuple(sorted(set(body.scopes))),
            requests_per_second=body.requests_per_second,
            burst=body.burst,
            expires_at_ms=body.expires_at_ms,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        transaction.put(KeySecret(id=key.secret_sha256, key_id=key.id))
        transaction.put(KeyName(id=key.name, key_id=key.id))
        record_change(transaction, self._origin, key, status=key.status)
        return ok(view_key(key), 201)

    def _revoke(self, transaction: Transaction, key_id: str) -> Answer | KeyRefusal:
        key = transaction.get(ApiKey, key_id)
        if key is None:
            return KeyRefusal.API_KEY_NOT_FOUND
        if key.status == "revoked":
            return KeyRefusal.API_KEY_ALREADY_REVOKED
        revoked = next_of(key, transaction.now_ms, status="revoked", revoked_at_ms=transaction.now_ms)
        record_change(transaction, self._origin, revoked, status=revoked.status, previous_status=key.status)
        return ok(view_key(revoked))
