"""A vault over memory, with a clock that tests move and what an operator can do to the key."""

from collections.abc import Mapping

import msgspec

from payment_core.vault.access import DEFAULT_GRANTS, Grant, Purpose
from payment_core.vault.fingerprint import Fingerprints
from payment_core.vault.keys.cache import CacheLimits, DataKeyCache
from payment_core.vault.keys.port import KeyService, KeyState
from payment_core.vault.keys.watch import KeyWatch
from payment_core.vault.memory import MemoryAuditTrail, MemoryDataKeyRows, MemoryKeyService, MemoryRecords
from payment_core.vault.numbers.instruments import BankAccount, Card
from payment_core.vault.numbers.sensitive import AccountNumber, Pan
from payment_core.vault.records import MoveProgress
from payment_core.vault.reencryption import Reencryption
from payment_core.vault.sealing import Instrument
from payment_core.vault.vault import Vault

NOW_MS = 1_795_690_800_000
TENANT = "acme"
PAN = "4111111111111111"
ACCOUNT = "000123456789"
ROUTING = "021000021"
LIMITS = CacheLimits()


class FakeClock:
    """Stands still until it is moved. wall_jump_ms: by how much the wall clock was set wrong besides."""

    def __init__(self) -> None:
        self.passed_ms = 0
        self.wall_jump_ms = 0

    def now_ms(self) -> int:
        return NOW_MS + self.passed_ms + self.wall_jump_ms

    def monotonic_ms(self) -> float:
        return self.passed_ms


class World:
    """The parts of one process; another one on the same rows is made with ``beside``."""

    def __init__(
        self,
        *,
        limits: CacheLimits = LIMITS,
        grants: Mapping[str, Grant] = DEFAULT_GRANTS,
        beside: "World | None" = None,
        keys: KeyService | None = None,
        tenant: str = TENANT,
    ) -> None:
        self.clock: FakeClock = FakeClock() if beside is None else beside.clock
        self.master: MemoryKeyService = MemoryKeyService() if beside is None else beside.master
        self.records: MemoryRecords = MemoryRecords() if beside is None else beside.records
        self.rows = MemoryDataKeyRows(self.records)
        self.audit = MemoryAuditTrail()
        self.told: list[tuple[KeyState, int, str]] = []
        self.batches: list[MoveProgress] = []
        watched: KeyService = self.master if keys is None else keys
        self.watch = KeyWatch(watched, self.clock, lambda *told: self.told.append(told))
        self.cache = DataKeyCache(tenant=tenant, service=self.watch, rows=self.rows, clock=self.clock, limits=limits)
        self.watch.clears(self.cache)
        self.fingerprints = Fingerprints(
            tenant=tenant, service=self.watch, rows=self.rows, cache=self.cache, clock=self.clock
        )
        self.vault = Vault(
            tenant=tenant,
            cache=self.cache,
            fingerprints=self.fingerprints,
            records=self.records,
            rows=self.rows,
            audit=self.audit,
            clock=self.clock,
            grants=grants,
        )
        self.reencryption = Reencryption(
            tenant=tenant,
            cache=self.cache,
            service=self.watch,
            rows=self.rows,
            inventory=self.records,
            on_batch=self.batches.append,
        )


def shred(world: World, token: str) -> None:
    """Destroy a number's key and blank its record, as the store does when a payment method is deleted."""
    world.records.keys.pop(token)
    record = world.records.records[token]
    world.records.records[token] = msgspec.structs.replace(record, sealed=b"", fingerprint="")


async def read(world: World, token: str, **changes: str) -> Instrument:
    """Detokenize as the card rail does."""
    asked = {"role": "card_rail", "reason": "payment pay_1", "actor": "core-blue", **changes}
    return await world.vault.detokenize(token, purpose=Purpose(asked.pop("purpose", "authorization")), **asked)


def card(number: str = PAN, holder: str = "") -> Card:
    """A card that expires in a year."""
    return Card(Pan(number), 12, 2027, holder)


def bank_account(number: str = ACCOUNT) -> BankAccount:
    """A checking account."""
    return BankAccount(ROUTING, AccountNumber(number), "checking")


def pan_number(serial: int) -> str:
    """Another card number for each serial number below a thousand million: 16 digits of Visa's."""
    body = f"400000{serial:09d}"
    total = sum(
        digit if place % 2 else (digit * 2 - 9 if digit > 4 else digit * 2)
        for place, digit in enumerate(map(int, body))
    )
    return f"{body}{-total % 10}"
