"""What an assessor would find is found: in logs, in the vault, among the keys, in the return rates."""

import pytest

from checks.redaction.canary import FORMS
from payment_core.ach.files.incoming.model import RateFamily, ReturnRate
from payment_core.health.checking import Checked
from payment_core.health.compliance import ComplianceCheck
from payment_core.keys.model import RECORDS as KEY_RECORDS
from payment_core.keys.model import ApiKey
from payment_core.logs import written
from payment_core.methods.model import VaultRow
from payment_core.operations.call import Call
from payment_core.store.memory import MemoryStore
from payment_core.store.records import Record
from payment_core.store.stage import Registry
from payment_core.vault.records import CardDetails, SealedRecord
from tests.unit.payment_core.http.api_world import NOW_MS, HandClock

CALL = Call(actor="key:daemon", instance="/v1/health/compliance", scopes=frozenset({"health:probe"}))


def store() -> MemoryStore:
    registry = Registry((*KEY_RECORDS, VaultRow, ReturnRate))
    return MemoryStore(registry=registry, producer="blue", clock=HandClock())


async def put(kept: MemoryStore, record: Record) -> MemoryStore:
    await kept.transact(lambda transaction: transaction.put(record), "test")
    return kept


async def look(kept: MemoryStore, call: Call = CALL, *, kms: bool = True) -> Checked:
    return await ComplianceCheck(kept, written, kms=kms)(call)


def api_key(*scopes: str, status: str = "active") -> ApiKey:
    return ApiKey(
        id="key_1",
        name="shop",
        shown="",
        secret_sha256="0" * 64,
        scopes=scopes,
        requests_per_second=1,
        burst=1,
        status=status,  # type: ignore[arg-type]  # one of the two
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
    )


def rate(family: RateFamily, returned: int, originated: int) -> ReturnRate:
    return ReturnRate(
        id=family, created_at_ms=NOW_MS, updated_at_ms=NOW_MS, slot="s", returned=returned, originated=originated
    )


def sealed(content: bytes) -> VaultRow:
    record = SealedRecord(
        token="tok_1",
        tenant="default",
        kind="card",
        schema=1,
        sealed=content,
        details=CardDetails("visa", "424242", "4242", 12, 2030),
        fingerprint="f",
        created_at_ms=NOW_MS,
    )
    return VaultRow(id="tok_1", record=record)


async def test_a_core_that_keeps_the_rules_is_healthy() -> None:
    kept = await put(await put(store(), sealed(bytes(range(60)))), api_key("payments:write"))
    checked = await look(kept)
    assert (checked.status, checked.findings) == ("healthy", ())
    assert "1 stored numbers sealed" in checked.detail


async def test_a_number_that_a_log_shows_is_grave() -> None:
    checked = await ComplianceCheck(store(), lambda text: text, kms=True)(CALL)
    assert checked.status == "unhealthy"
    assert len(checked.findings) == len(FORMS)
    assert "4242" not in "".join(checked.findings)


async def test_a_stored_number_in_clear_is_grave() -> None:
    checked = await look(await put(store(), sealed(b"\x00\x01|4242424242424242|\xff")))
    assert (checked.status, checked.findings) == ("unhealthy", ("the stored number tok_1 is not sealed",))


async def test_a_key_that_may_do_everything_is_named_unless_it_was_revoked() -> None:
    checked = await look(await put(store(), api_key("*")))
    assert (checked.status, checked.findings) == ("degraded", ("the API key shop may do everything",))
    assert (await look(await put(store(), api_key("*", status="revoked")))).status == "healthy"


async def test_a_daemon_with_a_mighty_key_is_told_what_is_enough() -> None:
    call = Call(actor="key:admin", instance="/", scopes=frozenset({"*"}))
    checked = await look(store(), call)
    assert (checked.status, "health:probe" in checked.detail) == ("degraded", True)


async def test_a_master_key_beside_the_database_is_degraded() -> None:
    assert (await look(store(), kms=False)).status == "degraded"


@pytest.mark.parametrize(
    ("family", "returned", "originated", "status"),
    [
        ("unauthorized", 1, 200, "healthy"),
        ("unauthorized", 2, 200, "unhealthy"),
        ("unauthorized", 9, 199, "healthy"),
        ("administrative", 3, 100, "healthy"),
        ("administrative", 4, 100, "degraded"),
        ("overall", 3, 20, "healthy"),
        ("overall", 4, 20, "degraded"),
    ],
)
async def test_return_rates_are_held_against_nachas_limits(
    family: RateFamily, returned: int, originated: int, status: str
) -> None:
    assert (await look(await put(store(), rate(family, returned, originated)))).status == status
