"""What an assessor would ask of the core: redaction, sealed numbers, keys that may do too much, ACH return rates."""

from collections.abc import AsyncIterator, Callable

import msgspec

from checks.redaction.canary import leaks
from checks.redaction.card_numbers import holds_card_number
from payment_core.ach.files.incoming.model import RateFamily, ReturnRate
from payment_core.health.checking import Checked, judged
from payment_core.keys.model import ApiKey
from payment_core.keys.scopes import EVERYTHING
from payment_core.methods.model import VaultRow
from payment_core.operations.call import Call
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing
from payment_core.store.walking import every

SAMPLED = 100
"""Of the newest sealed numbers: what seals them is the same for all."""
PAGE = 100
KEYS_MAX = 2_000


class RateLimit(msgspec.Struct, frozen=True):
    """ratio: Nacha's limit. debits_min: with fewer, one return alone would be too many. grave: it is enforced."""

    ratio: float
    debits_min: int
    grave: bool = False


RATE_LIMITS: dict[RateFamily, RateLimit] = {
    "unauthorized": RateLimit(0.005, 200, grave=True),
    "administrative": RateLimit(0.03, 100),
    "overall": RateLimit(0.15, 20),
}
"""Nacha Operating Rules, ODFI Return Rate Reporting: 0.5 %, 3 % and 15 % in 60 days."""


class ComplianceCheck:
    """write_log: what turns an event's text into a log line. kms: whether the master key lies in KMS."""

    def __init__(self, store: LedgerStore, write_log: Callable[[str], str], *, kms: bool) -> None:
        self._store = store
        self._write_log = write_log
        self._kms = kms

    async def __call__(self, call: Call) -> Checked:
        """Look at everything; what is grave makes it unhealthy, the rest degraded."""
        grave = [f"a card number {form} is readable in a log line" for form in leaks(self._write_log)]
        light: list[str] = []
        sampled, readable = await self._sealed_numbers()
        grave += [f"the stored number {token} is not sealed" for token in readable]
        if not self._kms:
            light.append("the master key is a file beside the database; name a key of KMS with --kms-key")
        if EVERYTHING in call.scopes:
            light.append(
                "the daemon's own API key may do everything; health:probe, events:read, ledger:read are enough"
            )
        light += [f"the API key {name} may do everything" async for name in self._mighty_keys()]
        for family, limit in RATE_LIMITS.items():
            rate = await self._store.read(ReturnRate, family)
            if (
                rate is not None
                and rate.originated >= limit.debits_min
                and rate.returned > limit.ratio * rate.originated
            ):
                share = 100 * rate.returned / rate.originated
                line = f"{family} ACH returns are {share:.2f} % of {rate.originated} debits, over {limit.ratio:.1%}"
                (grave if limit.grave else light).append(line)
        good = f"no card number in logs, {sampled} stored numbers sealed, keys and return rates within limits"
        return judged(grave, light, good)

    async def _sealed_numbers(self) -> tuple[int, list[str]]:
        """How many were looked at, and the tokens of those whose bytes hold a number in clear."""
        rows = await self._store.query(Listing(VaultRow, limit=SAMPLED, order="descending"))
        records = [row.record for row in rows]
        clear = [record.token for record in records if holds_card_number(record.sealed.decode("latin-1"))]
        return len(records), clear

    async def _mighty_keys(self) -> AsyncIterator[str]:
        """Names of active keys that hold every scope."""
        async for key in every(self._store, Listing(ApiKey, limit=PAGE), KEYS_MAX):
            if key.status == "active" and EVERYTHING in key.scopes:
                yield key.name
