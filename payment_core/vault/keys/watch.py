"""Watches the encryption key: keys in memory are erased when it is disabled, and whoever must know is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol, assert_never

import structlog

from payment_core.clock import Clock
from payment_core.vault.errors import (
    KeyAccessDenied,
    KeyDisabled,
    KeyMissing,
    KeyPendingDeletion,
    KeyUnavailable,
    VaultError,
)
from payment_core.vault.keys.cache import DataKeyCache
from payment_core.vault.keys.port import Context, KeyService, KeyState, NewDataKey, WrappedKey

log = structlog.get_logger()

LOOK_SECONDS = 30.0
"""How long after an operator disabled the key the last card may still be taken; 86,400 calls a month, 26 cents."""

_STATE_BY_ERROR: tuple[tuple[type[VaultError], KeyState], ...] = (
    (KeyDisabled, KeyState.DISABLED),
    (KeyPendingDeletion, KeyState.PENDING_DELETION),
    (KeyMissing, KeyState.MISSING),
    (KeyAccessDenied, KeyState.ACCESS_DENIED),
    (KeyUnavailable, KeyState.UNAVAILABLE),
)


class KeyStateListener(Protocol):
    """Told the state of the encryption key at the first look and whenever it changes; must not raise."""

    def __call__(self, state: KeyState, at_ms: int, detail: str) -> None:
        """detail: a sentence for the operator, empty when the key is enabled."""
        ...


class KeyWatch:
    """A KeyService that notes what the one behind it says of its key."""

    def __init__(self, service: KeyService, clock: Clock, on_key_state: KeyStateListener) -> None:
        self._service = service
        self._clock = clock
        self._listener = on_key_state
        self._known: KeyState | None = None
        self._caches: list[DataKeyCache] = []

    def clears(self, cache: DataKeyCache) -> None:
        """Have the cache erase its keys when the key may no longer be used."""
        self._caches.append(cache)

    async def generate_data_key(self, context: Context) -> NewDataKey:
        """As the service does."""
        try:
            made = await self._service.generate_data_key(context)
        except VaultError as error:
            for kind, state in _STATE_BY_ERROR:
                if isinstance(error, kind):
                    self._note(state)
            raise
        self._note(KeyState.ENABLED)
        return made

    async def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        """As the service does; it says nothing of the current key, since the blob may be an older key's."""
        return await self._service.decrypt(wrapped, context)

    async def re_encrypt(self, wrapped: WrappedKey, context: Context) -> WrappedKey:
        """As the service does."""
        return await self._service.re_encrypt(wrapped, context)

    async def state(self) -> KeyState:
        """As the service says, and noted."""
        state = await self._service.state()
        self._note(state)
        return state

    async def look_forever(self, tell: Callable[[KeyState], Awaitable[None]]) -> NoReturn:
        """Look at the key again and again, and tell its state each time; an outage is a state like the others."""
        while True:
            await tell(await self.state())
            await asyncio.sleep(LOOK_SECONDS)

    def _note(self, state: KeyState) -> None:
        if must_be_erased(state):
            for cache in self._caches:
                cache.forget_all()
        if state is self._known:
            return
        self._known = state
        detail = sentence(state)
        log.info("encryption key state", action="encryption_key_state", state=state.value)
        self._listener(state, self._clock.now_ms(), detail)


def must_be_erased(state: KeyState) -> bool:
    """Whether keys in memory may no longer be used: not for an outage, which ends by itself."""
    match state:
        case KeyState.DISABLED | KeyState.PENDING_DELETION | KeyState.MISSING | KeyState.ACCESS_DENIED:
            return True
        case KeyState.ENABLED | KeyState.UNAVAILABLE:
            return False
        case _:
            assert_never(state)


def sentence(state: KeyState) -> str:
    """What the operator must know and do; empty when all is well."""
    match state:
        case KeyState.ENABLED:
            return ""
        case KeyState.DISABLED:
            return str(KeyDisabled())
        case KeyState.PENDING_DELETION:
            return str(KeyPendingDeletion())
        case KeyState.MISSING:
            return str(KeyMissing())
        case KeyState.ACCESS_DENIED:
            return str(KeyAccessDenied())
        case KeyState.UNAVAILABLE:
            return str(KeyUnavailable())
        case _:
            assert_never(state)
