"""Ledger and audit verification over every store, tampering with DynamoDB items, and daily roots in S3."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from botocore.exceptions import ClientError

from payment_core.audit.background import AuditVerification
from payment_core.audit.errors import ArchiveUnavailable
from payment_core.audit.folder import FolderRoots
from payment_core.audit.progress import PROGRESS_ID, AuditProgress, Verification
from payment_core.audit.roots import DailyRoot, read_roots
from payment_core.audit.verify import AuditReport, verify_audit
from payment_core.aws.dynamodb import DynamoTable
from payment_core.aws.s3 import S3Roots
from payment_core.ledger.journals import Move, Phase
from payment_core.ledger.verify import LedgerVerifier
from payment_core.store.dynamodb.layout import (
    Item,
    account_key,
    audit_key,
    event_key,
    head_key,
    key_item,
    ledger_key,
    record_key,
)
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.port import Transaction
from tests.contract.store.store_worlds import (
    AnyStore,
    HandClock,
    StoreWorld,
    dynamo_store,
    hold,
    journal,
    move,
    new_table,
    order,
    write,
)

ACCOUNT = "provider_available/p1"


async def fill(store: AnyStore, clock: HandClock) -> None:
    """Nine changes of three orders, with journals, holds and their resolutions."""

    def work_of(number: int) -> "object":
        def work(transaction: Transaction) -> None:
            write(transaction, order(number % 3, version=number // 3 + 1, amount_cents=number))
            transaction.post(journal(f"in-{number}", move("rail_clearing", ACCOUNT, 100)))
            transaction.post(journal(f"fee-{number}", move(ACCOUNT, "platform_fee", 8)))
            if number % 3 == 1:
                transaction.post(journal(f"hold-{number}", hold(ACCOUNT, "payout_in_flight", 20, f"h{number}")))
            if number == 5:
                transaction.post(journal("post", Move(ACCOUNT, "payout_in_flight", 15, Phase.POST, "h1")))

        return work

    for number in range(9):
        clock.wall_ms += 10
        await store.transact(work_of(number), "key:test")  # type: ignore[arg-type]  # a work of None


async def test_the_ledger_of_every_store_rebuilds_to_what_is_stored(world: StoreWorld) -> None:
    await fill(world.store, world.clock)
    verifier = LedgerVerifier(world.store, world.store)
    report = await verifier.check_all()
    assert (report.balanced, report.journals, report.entries) == (True, 22, 44), report.violations
    await world.store.transact(lambda tx: tx.post(journal("more", move("rail_clearing", ACCOUNT, 1))), "key:test")
    again = await verifier.verify()
    assert (again.balanced, again.journals) == (True, 23)


@pytest.fixture
async def table(store_ministack_url: str) -> AsyncIterator[DynamoTable]:
    async with new_table(store_ministack_url) as made:
        yield made


@pytest.fixture
async def filled(table: DynamoTable) -> DynamoStore:
    clock = HandClock()
    store = dynamo_store(table, clock)
    await store.open()
    await fill(store, clock)
    return store


async def item_at(table: DynamoTable, key: tuple[str, str]) -> dict[str, object]:
    return dict((await table.get([key]))[key])


async def put(table: DynamoTable, item: dict[str, object]) -> None:
    await table.client.put_item(TableName=table._name, Item=item)


async def delete(table: DynamoTable, key: tuple[str, str]) -> None:
    await table.client.delete_item(TableName=table._name, Key=key_item(key))


async def check(store: DynamoStore) -> AuditReport:
    return await verify_audit(store, shards=range(3))


async def test_an_untouched_table_is_intact(filled: DynamoStore) -> None:
    report = await check(filled)
    assert report.intact, report.findings
    assert (report.rows, report.events, report.documents) == (9, 9, 3)


@pytest.mark.parametrize("change", ["flip", "drop", "cut off", "append", "head", "garbage"])
async def test_a_changed_audit_item_is_named(table: DynamoTable, filled: DynamoStore, change: str) -> None:
    shard, last, _ = max(await filled.audit_heads(), key=lambda head: head[1])
    assert last >= 3
    key = audit_key(shard, 2)
    item = await item_at(table, key)
    body: Item = item["row"]  # type: ignore[assignment]  # an attribute
    place = f"{shard}:2"
    if change == "flip":
        await put(table, {**item, "row": {"B": body["B"].replace(b"key:test", b"key:tesu")}})
    elif change == "drop":
        await delete(table, key)
    elif change == "cut off":
        await delete(table, audit_key(shard, last))
        place = f"{shard}:{last}"
    elif change == "append":
        rows = await filled.audit(shard, last - 1, 1)
        forged = msgspec.structs.replace(rows[0], sequence=last + 1, previous_sha256=rows[0].sha256())
        added = {**key_item(audit_key(shard, last + 1)), "row": {"B": msgspec.json.encode(forged)}}
        await put(table, added)
        place = f"{shard}:{last + 1}"
    elif change == "head":
        await delete(table, head_key(shard))
        place = f"{shard}:{last}"
    else:
        await put(table, {**item, "row": {"B": b"{"}})
    report = await check(filled)
    assert not report.intact
    assert report.first_bad == place


async def test_changed_documents_events_and_balances_are_named(table: DynamoTable, filled: DynamoStore) -> None:
    key = record_key("order", "ord_0001")
    item = await item_at(table, key)
    body: Item = item["body"]  # type: ignore[assignment]  # an attribute
    await put(table, {**item, "body": {"B": body["B"][:-1] + bytes([body["B"][-1] ^ 1])}})
    await delete(table, event_key((await filled.audit_heads())[0][0], 1))
    account = account_key(filled._layout, ACCOUNT, "USD", 0)
    totals = await item_at(table, account)
    await put(table, {**totals, "credits_posted": {"N": "901"}})
    assert {finding.place for finding in (await check(filled)).findings} == {"order ord_0001", "outbox"}
    report = await LedgerVerifier(filled, filled).verify()
    assert {violation.invariant for violation in report.violations} == {"I2", "I3"}


async def test_roots_find_a_chain_that_was_set_back_with_its_head(
    table: DynamoTable, filled: DynamoStore, tmp_path: Path
) -> None:
    archive = FolderRoots(tmp_path)
    assert await DailyRoot(filled, archive, None).run_once(1_795_690_800_000) == 1
    shard, last, _ = max(await filled.audit_heads(), key=lambda head: head[1])
    kept = (await filled.audit(shard, 0, 1))[0]
    for sequence in range(2, last + 1):
        await delete(table, audit_key(shard, sequence))
    head = {**key_item(head_key(shard)), "sequence": {"N": "1"}, "sha256": {"S": kept.sha256()}}
    await put(table, head)
    roots = await read_roots(archive)
    report = await verify_audit(filled, roots)
    assert report.first_bad == f"{shard}:2"


MOTO_LIES = {
    "test_a_root_in_s3_is_written_once_and_locked_for_years": "moto answers GetObjectRetention with 500",
    "test_a_root_that_was_hidden_or_written_over_is_still_read": "moto gives two versions the same LastModified",
}


@pytest.fixture(params=["ministack", "moto"])
async def s3(request: pytest.FixtureRequest) -> AsyncIterator[S3Roots]:
    if request.param == "moto" and request.function.__name__ in MOTO_LIES:
        pytest.skip(MOTO_LIES[request.function.__name__])
    url = request.getfixturevalue(f"store_{request.param}_url")
    clock = HandClock()
    bucket = f"roots-{request.node.name.replace('_', '-').replace('[', '-').replace(']', '')}"[-60:].lower().lstrip("-")
    async with S3Roots(bucket=bucket, region="us-east-1", endpoint_url=url, clock=clock) as archive:
        await archive.client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
        yield archive


async def test_a_root_in_s3_is_written_once_and_locked_for_years(s3: S3Roots) -> None:
    assert await s3.names() == []
    assert await s3.write("root-2026-11-26.json", b"first") is True
    assert await s3.write("root-2026-11-26.json", b"second") is False
    assert await s3.write("root-2026-11-27.json", b"third") is True
    assert await s3.names() == ["root-2026-11-26.json", "root-2026-11-27.json"]
    assert await s3.read("root-2026-11-26.json") == b"first"
    key = "audit-roots/root-2026-11-26.json"
    retention = (await s3.client.get_object_retention(Bucket=s3._bucket, Key=key))["Retention"]
    assert retention["Mode"] == "COMPLIANCE"
    assert retention["RetainUntilDate"] > datetime(2033, 1, 1, tzinfo=UTC)
    version = (await s3.client.list_object_versions(Bucket=s3._bucket, Prefix=key))["Versions"][0]["VersionId"]
    with pytest.raises(ClientError):
        await s3.client.delete_object(Bucket=s3._bucket, Key=key, VersionId=version)


async def test_a_root_that_was_hidden_or_written_over_is_still_read(s3: S3Roots) -> None:
    name = "root-2026-11-26.json"
    await s3.write(name, b"first")
    await s3.client.put_object(Bucket=s3._bucket, Key=f"audit-roots/{name}", Body=b"forged")
    assert await s3.read(name) == b"first"
    await s3.client.delete_object(Bucket=s3._bucket, Key=f"audit-roots/{name}")
    assert await s3.names() == [name]
    assert await s3.read(name) == b"first"


async def test_a_missing_root_or_bucket_says_so(s3: S3Roots) -> None:
    with pytest.raises(ArchiveUnavailable):
        await s3.read("root-2026-11-26.json")
    s3._bucket = "there-is-no-such-bucket"
    with pytest.raises(ArchiveUnavailable):
        await s3.names()


async def verified(store: DynamoStore | AnyStore, clock: HandClock, folder: Path) -> tuple[Verification, AuditProgress]:
    """What the store's own verification comes to, a turn after another."""
    clock.wall_ms += 24 * 3_600_000
    job = AuditVerification(
        store=store,
        archive=FolderRoots(folder),
        checker=None,
        clock=clock,
        name="blue",
        every_ms=3_600_000,
        share=0.5,
    )
    await job.run_once(clock.wall_ms)
    progress = await store.read(AuditProgress, PROGRESS_ID)
    assert progress is not None
    assert progress.last is not None
    assert progress.last.began_at_ms == clock.wall_ms
    return progress.last, progress


async def test_every_store_verifies_its_own_trail_and_follows_it(world: StoreWorld, tmp_path: Path) -> None:
    if world.name == "moto":
        pytest.skip("the same adapter as over ministack, and slower")
    await fill(world.store, world.clock)
    last, _ = await verified(world.store, world.clock, tmp_path)
    assert (last.findings, last.rows, last.documents) == ((), 9, 3)
    await world.store.transact(lambda tx: write(tx, order(7)), "key:test")
    await world.store.transact(lambda tx: tx.post(journal("more", move("rail_clearing", ACCOUNT, 1))), "key:test")
    last, progress = await verified(world.store, world.clock, tmp_path)
    assert (last.findings, last.rows, last.documents, progress.rows) == ((), 11, 4, 11)


@pytest.mark.parametrize("change", ["document", "event", "journal", "row"])
async def test_a_table_finds_by_itself_what_was_changed(
    table: DynamoTable, filled: DynamoStore, tmp_path: Path, change: str
) -> None:
    shard, sequence, _ = max(await filled.audit_heads(), key=lambda head: head[1])
    place = f"{shard}:{sequence}"
    if change == "document":
        item = await item_at(table, record_key("order", "ord_0001"))
        body: Item = item["body"]  # type: ignore[assignment]  # an attribute
        await put(table, {**item, "body": {"B": body["B"][:-1] + bytes([body["B"][-1] ^ 1])}})
        place = "order ord_0001"
    elif change == "event":
        await delete(table, event_key(shard, sequence))
    elif change == "journal":
        await delete(table, ledger_key(shard, sequence, 0))
    else:
        item = await item_at(table, audit_key(shard, sequence))
        row: Item = item["row"]  # type: ignore[assignment]  # an attribute
        await put(table, {**item, "row": {"B": row["B"].replace(b"key:test", b"key:tesu")}})
    last, _ = await verified(filled, HandClock(), tmp_path)
    assert [finding.place for finding in last.findings] == [place]
