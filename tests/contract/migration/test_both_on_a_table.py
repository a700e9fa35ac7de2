"""Both processors over a DynamoDB table: told, taken over, compared and undone as over any other store."""

from contextlib import AsyncExitStack
from pathlib import Path

from daemon.embedded.old_processor.book import Cause
from payment_core.methods.model import PaymentMethod
from payment_core.migration.names import JobName
from payment_core.registry import core_registry
from payment_core.store.dynamodb.layout import Layout
from payment_core.store.dynamodb.retry import Patience
from payment_core.store.dynamodb.store import DynamoStore
from tests.contract.store.store_worlds import HandClock, Pauses, new_table
from tests.unit.payment_core.migration.running.both_world import BothWorld


async def test_both_run_over_a_table_as_over_any_other_store(tmp_path: Path, emulated_ministack_url: str) -> None:
    world, pauses = BothWorld(tmp_path), HandClock()
    async with AsyncExitStack() as stack:
        world.store = DynamoStore(  # type: ignore[assignment]  # the world has one in memory by itself
            table=await stack.enter_async_context(new_table(emulated_ministack_url)),
            registry=core_registry(),
            producer="blue",
            clock=world.clock,
            layout=Layout(audit_shards=3, hot_shards=3, index_shards=2, account_partitions=2),
            patience=Patience(clock=pauses, sleep=Pauses(pauses), chance=lambda: 0.5, deadline_ms=600_000),
        )
        await world.store.open()  # type: ignore[attr-defined]  # as above
        await world.open(stack)
        await world.move(JobName.CUSTOMERS, JobName.PAYMENT_METHODS)
        token = await world.add_card("cus_here")
        await world.tell()
        assert await world.waiting() == []
        [made] = [one for one in world.there("payment_method") if one["metadata"].get("tillwatch_id") == token]
        world.clock.at_ms += 2_000
        world.book.update(made["id"], {"card": {"exp_year": "2041"}}, Cause("", world.clock.at_ms // 1000))
        await world.run("old-processor-events")
        method = await world.store.read(PaymentMethod, token)
        assert method is not None
        assert method.expiry_year == 2041
        await world.compare()
        evidence = await world.evidence()
        assert (evidence.equal > 0, evidence.differing_total, evidence.missing_total) == (True, 0, 0)
        assert (await world.ask("GET", "/v1/migration"))["catch_up"]["lag_ms"] is not None
