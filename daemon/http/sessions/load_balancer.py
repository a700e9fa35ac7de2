"""Lets in whom the configured load balancer names; without one, its headers mean nothing."""

from collections.abc import Callable, Collection, Mapping

import structlog

from config.console import LoadBalancerSettings
from daemon.http.sessions.identity import Identity, IdentityRefusal, identity_of, key_id_of
from daemon.http.sessions.public_keys import PublicKeys
from remediation.journal.entry import DAEMON

log = structlog.get_logger()

DATA_HEADER = "x-amzn-oidc-data"
SUBJECT_HEADER = "x-amzn-oidc-identity"
"""The subject without a signature: good enough to see that somebody else sits at the browser now, and for no more."""


class LoadBalancer:
    """Reads who it is from a request's headers. taken_names: of tokens, which nobody else may be called by.

    Nor by the daemon's own name: what it proposes anybody may approve, also whoever is called so.
    """

    def __init__(
        self,
        settings: LoadBalancerSettings,
        keys: PublicKeys,
        now_ms: Callable[[], int],
        taken_names: Callable[[], Collection[str]],
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._now_ms = now_ms
        self._taken_names = taken_names

    async def identity(self, headers: Mapping[str, str]) -> Identity | IdentityRefusal | None:
        """Who it is, why nobody, or None where the load balancer says nothing."""
        token = headers.get(DATA_HEADER)
        if token is None:
            return None
        found = await self._read(token)
        if isinstance(found, Identity) and found.principal.name in {DAEMON, *self._taken_names()}:
            found = IdentityRefusal.NAME
        if isinstance(found, IdentityRefusal):
            log.warning("identity refused", action="identity_refused", why=found.value)
        return found

    async def _read(self, token: str) -> Identity | IdentityRefusal:
        key_id = key_id_of(token, self._settings)
        if isinstance(key_id, IdentityRefusal):
            return key_id
        key = await self._keys.get(key_id)
        if key is None:
            return IdentityRefusal.KEY
        return identity_of(token, key, self._settings, self._now_ms() / 1000)
