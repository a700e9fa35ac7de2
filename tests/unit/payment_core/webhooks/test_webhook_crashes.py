"""A process that dies between any two steps loses no event and makes no second delivery record."""

from typing import TypeVar

import pytest

from payment_core.ledger.posting import Balances
from payment_core.store.port import LedgerStore, Work
from payment_core.store.records import Query, Record
from payment_core.webhooks.delivering import LEASE_MS
from tests.unit.payment_core.webhooks.webhook_world import WebhookWorld

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class Died(BaseException):
    """As a process ends: nothing catches it."""


class MortalStore:
    """Dies at its k-th call: before it takes effect, or after."""

    def __init__(self, store: LedgerStore, fatal: int, *, after: bool) -> None:
        self._store = store
        self._left = fatal
        self._after = after

    def _step(self) -> bool:
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Died
        return self._left == 0

    async def transact(self, work: Work[T], actor: str) -> T:
        dies = self._step()
        answer = await self._store.transact(work, actor)
        if dies:
            raise Died
        return answer

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        self._step()
        return await self._store.read(record_type, record_id)

    async def query(self, query: Query[R]) -> list[R]:
        self._step()
        return await self._store.query(query)

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        return await self._store.account(account_id, currency)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fatal", range(1, 16))
async def test_every_event_arrives_and_has_one_record_wherever_the_process_dies(
    world: WebhookWorld, fatal: int, after: bool
) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    ids = [await world.publish(number) for number in range(3)]
    mortal = MortalStore(world.store, fatal, after=after)
    fanout, delivering = world.jobs(mortal)
    died = False
    try:
        await fanout.run_once(world.clock.ms)
        await delivering.run_once(world.clock.ms)
    except BaseExceptionGroup as group:
        died = group.subgroup(Died) is not None
    except Died:
        died = True
    world.clock.ms += LEASE_MS
    await world.run()
    assert sorted(set(world.receiver.ids)) == ids
    assert sorted(each.event_id for each in world.deliveries()) == ids
    assert {each.status for each in world.deliveries()} == {"succeeded"}
    assert len(world.receiver.ids) <= len(ids) * 2 if died else len(ids)
