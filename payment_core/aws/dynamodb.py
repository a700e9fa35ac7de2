"""A DynamoDB table; the only file of the store that knows an AWS client."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, NoReturn, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from payment_core.errors import CoreError, DatabaseUnusable
from payment_core.store.dynamodb.errors import AnswerLost, Contended, Throttled
from payment_core.store.dynamodb.layout import INDEXES, Item, TableKey, key_item, key_of
from payment_core.store.dynamodb.table import ITEMS_MAX, Capacity, Operation, Page

CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
"""DynamoDB answers in 5 to 20 ms; the store asks again with the same token."""

CONNECTIONS = 64
"""Transactions under way at once in one process."""

BATCH_TRIES = 8
"""Of a batch read whose rest DynamoDB leaves over again and again: then it is overloaded."""

_THROTTLES = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
    }
)
_THROTTLED_REASONS = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})
_CONTENDED_REASONS = frozenset({"ConditionalCheckFailed", "TransactionConflict", "DuplicateItem"})
_STILL_RUNNING = "TransactionInProgressException"
_WRITES = frozenset({"transact_write_items", "update_item"})


class DynamoTable:
    """One table. Retries nothing: what is safe to repeat, the store knows. Credentials come from the environment.

    capacity: what the calls used that were answered; of a refused one DynamoDB does not say what it used.
    """

    def __init__(self, *, name: str, region: str, endpoint_url: str | None, read_seconds: float = READ_SECONDS) -> None:
        self._name = name
        self._region = region
        self._endpoint_url = endpoint_url
        self._read_seconds = read_seconds
        self._stack = AsyncExitStack()
        self.capacity = Capacity()
        # aiobotocore publishes no types; everything read from it is checked here.
        self.client: Any = None

    async def __aenter__(self) -> Self:
        config = AioConfig(
            user_agent="tillwatch-payment-core",
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=self._read_seconds,
            max_pool_connections=CONNECTIONS,
        )
        self.client = await self._stack.enter_async_context(
            get_session().create_client(
                "dynamodb", region_name=self._region, endpoint_url=self._endpoint_url, config=config
            )
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def create(self) -> None:
        """Create the table with its indexes and wait until it is there; nothing when it exists."""
        try:
            await self.client.create_table(**table_definition(self._name))
        except ClientError as fault:
            if fault.response.get("Error", {}).get("Code") != "ResourceInUseException":
                raise DatabaseUnusable(f"{self._name}: {fault}") from fault
        await self.client.get_waiter("table_exists").wait(TableName=self._name, WaiterConfig={"Delay": 1})

    async def get(self, keys: Sequence[TableKey], *, together: bool = False) -> dict[TableKey, Item]:
        """BatchGetItem with ConsistentRead, or one TransactGetItems."""
        if together:
            return await self._get_together(keys)
        found: dict[TableKey, Item] = {}
        for first in range(0, len(keys), ITEMS_MAX):
            found.update(await self._get_batch([key_item(key) for key in keys[first : first + ITEMS_MAX]]))
        return found

    async def query(self, arguments: Mapping[str, Any], *, scan: bool = False) -> Page:
        """Query or Scan."""
        answer = await self._call("scan" if scan else "query", TableName=self._name, **arguments)
        return Page(list(answer.get("Items", [])), answer.get("LastEvaluatedKey"), int(answer.get("Count", 0)))

    async def write(self, operations: Sequence[Operation], token: str) -> None:
        """TransactWriteItems."""
        items = [{operation.action: {"TableName": self._name, **operation.arguments}} for operation in operations]
        await self._call("transact_write_items", TransactItems=items, ClientRequestToken=token)

    async def update(self, key: TableKey, arguments: Mapping[str, Any]) -> bool:
        """UpdateItem."""
        try:
            await self._call("update_item", TableName=self._name, Key=key_item(key), **arguments)
        except Contended as fault:
            if fault.reasons == ("ConditionalCheckFailed",):
                return False
            raise
        return True

    async def _get_batch(self, wanted: list[dict[str, Any]]) -> dict[TableKey, Item]:
        found: dict[TableKey, Item] = {}
        for _ in range(BATCH_TRIES):
            answer = await self._call(
                "batch_get_item", RequestItems={self._name: {"Keys": wanted, "ConsistentRead": True}}
            )
            found.update({key_of(item): item for item in answer.get("Responses", {}).get(self._name, [])})
            wanted = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            if not wanted:
                return found
        raise Throttled(f"{len(wanted)} keys were left over {BATCH_TRIES} times.")

    async def _get_together(self, keys: Sequence[TableKey]) -> dict[TableKey, Item]:
        gets = [{"Get": {"TableName": self._name, "Key": key_item(key)}} for key in keys]
        answer = await self._call("transact_get_items", TransactItems=gets)
        items = [response.get("Item") for response in answer.get("Responses", [])]
        return {key_of(item): item for item in items if item}

    async def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await getattr(self.client, operation)(ReturnConsumedCapacity="TOTAL", **arguments)
        except ClientError as fault:
            self._refuse(operation, fault)
        except (BotoCoreError, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            raise AnswerLost(f"{operation}: {type(fault).__name__}") from fault
        self._note_capacity(operation, answer)
        return answer

    def _note_capacity(self, operation: str, answer: Mapping[str, Any]) -> None:
        """Count what the answer says was used. A write whose token was taken before is answered by a read."""
        told = answer.get("ConsumedCapacity", [])
        for consumed in told if isinstance(told, list) else [told]:
            half_units = round(2 * consumed.get("CapacityUnits", 0))
            only_read = "ReadCapacityUnits" in consumed and "WriteCapacityUnits" not in consumed
            if operation in _WRITES and not only_read:
                self.capacity.write_units += -(-half_units // 2)
            else:
                self.capacity.read_half_units += half_units

    def _refuse(self, operation: str, fault: Any) -> NoReturn:  # noqa: ANN401  # botocore's, which has no types
        error = fault.response.get("Error", {})
        code = str(error.get("Code", ""))
        status = int(fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        raise self._meaning(operation, code, status, fault) from fault

    def _meaning(self, operation: str, code: str, status: int, fault: Any) -> CoreError:  # noqa: ANN401  # see _refuse
        if code == "TransactionCanceledException":
            return _canceled(tuple(str(r.get("Code", "None")) for r in fault.response.get("CancellationReasons", [])))
        if code == "ConditionalCheckFailedException":
            return Contended(("ConditionalCheckFailed",))
        if code == "TransactionConflictException":
            return Contended(("TransactionConflict",))
        if code in _THROTTLES:
            return Throttled(code)
        if code == _STILL_RUNNING or status >= 500:  # noqa: PLR2004  # the server's faults begin at 500
            return AnswerLost(f"{operation}: {code}")
        # The message of a validation error can quote a value, so only the code goes on.
        return DatabaseUnusable(f"{self._name}: {operation} answered {code}.")


def _canceled(reasons: tuple[str, ...]) -> CoreError:
    """What a canceled transaction means: whether fresh reads, or a pause, can help."""
    codes = {reason for reason in reasons if reason != "None"}
    if codes <= _CONTENDED_REASONS:
        return Contended(reasons)
    if codes <= _CONTENDED_REASONS | _THROTTLED_REASONS:
        return Throttled(", ".join(sorted(codes)))
    return DatabaseUnusable(f"A transaction was refused: {', '.join(sorted(codes))}.")


def table_definition(name: str) -> dict[str, Any]:
    """The arguments of CreateTable: on demand, keys-only sparse indexes; the deployment template says the same."""
    attributes = sorted({"pk", "sk", *(attribute for index in INDEXES.values() for attribute in index)})
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes],
        "KeySchema": _key_schema("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": _key_schema(*keys), "Projection": {"ProjectionType": "KEYS_ONLY"}}
            for index, keys in INDEXES.items()
        ],
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
