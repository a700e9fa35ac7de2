"""A round trip through the key service: a new data key, sealed and opened, and its wrapped form decrypted again."""

import hmac
import secrets

from payment_core.clock import Clock
from payment_core.health.checking import Checked
from payment_core.operations.call import Call
from payment_core.vault.errors import KeyUnavailable, TamperedRecord
from payment_core.vault.keys.port import DataKey, KeyService, KeyState, erase

CONTEXT = {"purpose": "health", "tenant": "health"}
"""Of its own, so that no data key of a real purpose can be opened with it."""
CANARY_BYTES = 32
SLOW_MS = 1_000.0
"""AWS KMS answers in 10 to 50 ms; two calls of which either takes this long hold up every first card."""


class EncryptionCheck:
    """An outage is degraded, because keys in memory go on working; a key that may not be used is unhealthy."""

    def __init__(self, service: KeyService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    async def __call__(self, _call: Call) -> Checked:
        """Two calls of the key service and one of a cipher; nothing is stored."""
        started_ms = self._clock.monotonic_ms()
        try:
            state = await self._service.state()
            if state is not KeyState.ENABLED and state is not KeyState.UNAVAILABLE:
                return _broken(f"the encryption key is {state.value}")
            problem = await self._round_trip()
        except KeyUnavailable:
            detail = "the key service does not answer; keys in memory go on, new ones cannot be made"
            return Checked(status="degraded", detail=detail, findings=(detail,))
        if problem:
            return _broken(problem)
        took_ms = self._clock.monotonic_ms() - started_ms
        if took_ms > SLOW_MS:
            detail = f"the key service took {took_ms:.0f} ms for a data key and back"
            return Checked(status="degraded", detail=detail, findings=(detail,))
        return Checked(status="healthy", detail="data key made, sealed with, opened and decrypted again")

    async def _round_trip(self) -> str:
        """What did not come back as it was; empty when everything did. Raises VaultError."""
        made = await self._service.generate_data_key(CONTEXT)
        kept = bytearray(made.plaintext)
        key = DataKey("health", made.plaintext)
        opened = bytearray()
        try:
            canary = secrets.token_bytes(CANARY_BYTES)
            sealed = key.seal(canary, b"health")
            if canary in sealed or key.open(sealed, b"health") != canary:
                return "what was sealed does not open as it was"
            try:
                key.open(sealed, b"other")
            except TamperedRecord:
                pass
            else:
                return "what was sealed opens for another record"
            opened = await self._service.decrypt(made.wrapped, CONTEXT)
            return "" if hmac.compare_digest(opened, kept) else "the data key does not decrypt as it was made"
        finally:
            key.erase()
            erase(kept)
            erase(opened)


def _broken(detail: str) -> Checked:
    return Checked(status="unhealthy", detail=detail, findings=(detail,))
