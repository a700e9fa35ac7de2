"""The DynamoDB store when AWS conflicts, throttles, hangs and fails: one effect, or a clear error."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiobotocore.awsrequest import AioAWSResponse

from payment_core.aws.dynamodb import DynamoTable
from payment_core.errors import DatabaseUnusable, StoreBusy
from payment_core.store.dynamodb.errors import (
    AnswerLost,
    Contended,
    LayoutMismatch,
    OutcomeUnknown,
    PlaceUnreadable,
    Throttled,
    TransactionTooLarge,
    WorkNotRepeatable,
)
from payment_core.store.dynamodb.layout import Layout
from payment_core.store.dynamodb.retry import PAUSE_MAX_MS, Patience
from payment_core.store.dynamodb.store import DynamoStore
from payment_core.store.port import Transaction
from tests.contract.store.faulty_table import Fault, FaultyTable
from tests.contract.store.store_worlds import (
    REGISTRY,
    HandClock,
    Note,
    Order,
    Pauses,
    dynamo_store,
    journal,
    move,
    new_table,
    order,
    write,
)


@pytest.fixture
async def table(store_ministack_url: str) -> AsyncIterator[DynamoTable]:
    async with new_table(store_ministack_url) as made:
        yield made


def store_on(faulty: FaultyTable, deadline_ms: int = 600_000) -> DynamoStore:
    return dynamo_store(faulty, HandClock(), deadline_ms=deadline_ms)


def every_third(fault: Fault) -> Callable[[int], Fault | None]:
    return lambda number: fault if number % 3 == 0 else None


def increment(transaction: Transaction) -> None:
    found = transaction.get(Order, "ord_0001")
    version = 0 if found is None else found.version
    amount = 0 if found is None else found.amount_cents
    write(transaction, order(1, version=version + 1, amount_cents=amount + 1))
    transaction.post(journal(f"inc-{version + 1}", move("rail_clearing", "provider_available/p1", 1)))


async def assert_counted(store: DynamoStore, count: int) -> None:
    found = await store.read(Order, "ord_0001")
    assert found is not None
    assert (found.version, found.amount_cents) == (count, count)
    assert (await store.account("provider_available/p1")).credits_posted == count
    assert (await store.account("rail_clearing")).debits_posted == count
    assert sum(last for _, last, _ in await store.audit_heads()) == count
    assert len(await store.events("", 1000)) == count


@pytest.mark.parametrize("fault", ["conflict", "throttle", "lost before", "lost after"])
async def test_every_transaction_has_one_effect_when_every_third_write_fails(table: DynamoTable, fault: Fault) -> None:
    faulty = FaultyTable(table, every_third(fault))
    store = store_on(faulty)
    await store.open()
    for _ in range(10):
        await store.transact(increment, "key:test")
    assert faulty.writes > 11
    await assert_counted(store, 10)


async def test_an_answer_lost_after_the_effect_is_told_from_the_mark_when_the_token_is_forgotten(
    table: DynamoTable,
) -> None:
    faulty = FaultyTable(table, lambda number: "lost after" if number % 2 == 0 else None)
    faulty.forgets_tokens = True
    store = store_on(faulty)
    await store.open()
    for _ in range(6):
        await store.transact(increment, "key:test")
    await assert_counted(store, 6)


async def test_transactions_at_once_under_faults_are_all_counted(table: DynamoTable) -> None:
    faults: tuple[Fault | None, ...] = ("conflict", None, "lost after", None, "throttle", None, "lost before")
    stores = [store_on(FaultyTable(table, lambda number: faults[number % 7])) for _ in range(2)]
    await stores[0].open()
    await asyncio.gather(*(stores[number % 2].transact(increment, "key:test") for number in range(16)))
    await assert_counted(stores[0], 16)


async def test_what_never_gets_through_is_store_busy_and_nothing_is_written(table: DynamoTable) -> None:
    faulty = FaultyTable(table, lambda number: "conflict" if number > 1 else None)
    store = store_on(faulty, deadline_ms=10_000)
    await store.open()
    with pytest.raises(StoreBusy) as raised:
        await store.transact(increment, "key:test")
    assert raised.value.retryable
    assert await store.read(Order, "ord_0001") is None
    assert await store.audit_heads() == []


async def test_a_write_whose_answers_are_all_lost_is_looked_up_at_the_end(table: DynamoTable) -> None:
    faulty = FaultyTable(table, lambda number: "lost after" if number > 1 else None)
    store = store_on(faulty, deadline_ms=10_000)
    await store.open()
    await store.transact(increment, "key:test")
    await assert_counted(store, 1)


async def test_an_outcome_that_nobody_can_tell_is_said_to_be_unknown(table: DynamoTable) -> None:
    faulty = FaultyTable(table, lambda number: "lost after" if number > 1 else None)
    store = store_on(faulty, deadline_ms=10_000)
    await store.open()
    faulty.reads_fail = lambda: faulty.writes > 1
    with pytest.raises(OutcomeUnknown) as raised:
        await store.transact(increment, "key:test")
    assert raised.value.retryable
    faulty.reads_fail = lambda: False
    await assert_counted(store, 1)


async def test_reads_that_fail_are_tried_again_and_end_as_store_busy(table: DynamoTable) -> None:
    faulty = FaultyTable(table, lambda _: None)
    store = store_on(faulty, deadline_ms=10_000)
    await store.open()
    failures = iter(range(10_000))
    faulty.reads_fail = lambda: next(failures) % 2 == 0
    for _ in range(3):
        await store.transact(increment, "key:test")
    await assert_counted(store, 3)
    rows = await store.unsent("blue", 10)
    await store.mark_sent([row.place for row in rows])
    assert await store.unsent("blue", 10) == []
    faulty.reads_fail = lambda: True
    with pytest.raises(StoreBusy):
        await store.read(Order, "ord_0001")
    with pytest.raises(StoreBusy):
        await store.events("", 10)


async def test_transactions_that_want_one_document_go_one_after_the_other(table: DynamoTable) -> None:
    faulty = FaultyTable(table, lambda _: None)
    store = store_on(faulty)
    await store.open()
    await asyncio.gather(*(store.transact(increment, "key:test") for _ in range(20)))
    await assert_counted(store, 20)
    # One refused write each at most, instead of one for each that was before it.
    assert faulty.writes <= 1 + 20 + 20 * 2


async def test_pauses_grow_to_a_limit_with_full_jitter_and_end_at_the_deadline() -> None:
    clock = HandClock()
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds * 1000)
        clock.passed_ms += seconds * 1000

    tries = Patience(clock=clock, sleep=note, chance=lambda: 0.5, deadline_ms=3000).begin()
    while await tries.pause():
        pass
    assert pauses[:5] == [10, 20, 40, 80, 160]
    assert max(pauses) <= PAUSE_MAX_MS / 2
    assert sum(pauses) <= 3000


async def test_a_transaction_that_is_too_large_says_so_and_writes_nothing(table: DynamoTable) -> None:
    store = dynamo_store(table, HandClock())
    await store.open()

    def work(transaction: Transaction) -> None:
        for number in range(101):
            transaction.put(Note(id=f"n{number}"))

    with pytest.raises(TransactionTooLarge, match="101 items; 100 at most"):
        await store.transact(work, "key:test")
    assert await store.read(Note, "n0") is None


async def test_a_work_that_reads_other_keys_in_each_run_is_refused(table: DynamoTable) -> None:
    store = dynamo_store(table, HandClock())
    numbers = iter(range(1000))
    with pytest.raises(WorkNotRepeatable):
        await store.transact(lambda tx: tx.get(Note, f"n{next(numbers)}"), "key:test")


async def test_a_table_is_not_opened_with_other_numbers_of_shards(table: DynamoTable) -> None:
    await dynamo_store(table, HandClock()).open()
    await dynamo_store(table, HandClock()).open()
    other = DynamoStore(table=table, registry=REGISTRY, producer="blue", clock=HandClock(), layout=Layout())
    with pytest.raises(LayoutMismatch):
        await other.open()


@pytest.mark.parametrize("place", ["x", "1", "1.2", "1.2@1_2", "1.2@1_2_x", "-1.2@1_2_3", "1.2@1-2-3"])
async def test_a_place_that_the_store_did_not_give_is_refused(table: DynamoTable, place: str) -> None:
    with pytest.raises(PlaceUnreadable):
        await dynamo_store(table, HandClock()).events(place, 10)


def answer(status: int, body: bytes) -> "Callable[..., Any]":
    """A botocore before-send handler that answers in the place of AWS."""

    class Raw(io.BytesIO):
        """What botocore reads a body from."""

    def handler(request: Any, **_: object) -> AioAWSResponse:  # noqa: ANN401  # botocore's own request
        response = AioAWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.0"}, Raw(body))
        response._content = body
        return response

    return handler


CANCELED = (
    b'{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"m","CancellationReasons":%s}'
)
FAILURES = [
    (400, CANCELED % b'[{"Code":"TransactionConflict"}]', Contended),
    (400, CANCELED % b'[{"Code":"ConditionalCheckFailed"},{"Code":"None"}]', Contended),
    (400, CANCELED % b'[{"Code":"ThrottlingError"}]', Throttled),
    (400, CANCELED % b'[{"Code":"ProvisionedThroughputExceeded"},{"Code":"TransactionConflict"}]', Throttled),
    (400, CANCELED % b'[{"Code":"ValidationError"}]', DatabaseUnusable),
    (400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"m"}', Throttled),
    (400, b'{"__type":"com.amazonaws.dynamodb.v20120810#TransactionInProgressException","Message":"m"}', AnswerLost),
    (400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"m"}', DatabaseUnusable),
    (400, b'{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"m"}', DatabaseUnusable),
    (500, b'{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"m"}', AnswerLost),
    (503, b"", AnswerLost),
]


@pytest.mark.parametrize(("status", "body", "error"), FAILURES)
async def test_what_aws_answers_is_taken_for_what_it_means(
    table: DynamoTable, status: int, body: bytes, error: type[Exception]
) -> None:
    table.client.meta.events.register("before-send.dynamodb.TransactWriteItems", answer(status, body))
    with pytest.raises(error):
        await table.write([], "token")


async def test_a_conflict_on_the_wire_is_tried_again(table: DynamoTable) -> None:
    calls = iter(range(1000))
    conflict = answer(400, CANCELED % b'[{"Code":"TransactionConflict"}]')

    def every_second(request: Any, **arguments: object) -> AioAWSResponse | None:  # noqa: ANN401  # see answer
        return conflict(request, **arguments) if next(calls) % 2 else None

    store = dynamo_store(table, HandClock())
    await store.open()
    table.client.meta.events.register("before-send.dynamodb.TransactWriteItems", every_second)
    for _ in range(4):
        await store.transact(increment, "key:test")
    await assert_counted(store, 4)


async def test_nobody_listening_is_an_answer_lost() -> None:
    async with DynamoTable(name="core", region="us-east-1", endpoint_url="http://127.0.0.1:1") as table:
        with pytest.raises(AnswerLost):
            await table.get([("a", "b")])
        clock = HandClock()
        patience = Patience(clock=clock, sleep=Pauses(clock), deadline_ms=20)
        store = DynamoStore(table=table, registry=REGISTRY, producer="blue", clock=clock, patience=patience)
        with pytest.raises(StoreBusy):
            await store.transact(lambda tx: tx.get(Note, "n1"), "key:test")
