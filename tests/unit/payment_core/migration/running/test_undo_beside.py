"""What is undone is what the jobs moved: what customers saved here since stays, and past the way back all of it."""

import pytest

from daemon.embedded.old_processor.book import Cause
from payment_core.assembly.migrating import jobs_over, runner_over
from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod, VaultKey
from payment_core.migration.engine.runner import Runner
from payment_core.migration.errors import PastReturn
from payment_core.migration.limits import Limits
from payment_core.migration.names import JobName
from payment_core.migration.running.model import NO_RETURN_ID, NoReturn
from tests.unit.payment_core.migration.running.both_world import ORIGIN, BothWorld, Names
from tests.unit.payment_core.migration.running.test_customer_profiles import write


def runner_of(world: BothWorld) -> Runner:
    """Another process's runner, as the command line has one."""
    jobs = jobs_over(world.vaulting, Names(), ORIGIN, world.clock, "migration:ops")
    return runner_over(world.store, jobs, origin=ORIGIN, clock=world.clock, actor="migration:ops")


@pytest.mark.parametrize("changed_there", [False, True])
async def test_an_undo_leaves_what_was_made_here_and_told_there(world: BothWorld, changed_there: bool) -> None:
    await world.move()
    await write(world, "cus_here", name="Ada")
    token = await world.add_card("cus_here")
    await world.tell()
    if changed_there:
        [made] = [one for one in world.there("payment_method") if one["metadata"].get("tillwatch_id") == token]
        cause = Cause("", world.clock.at_ms // 1000)
        world.book.update(made["id"], {"card": {"exp_year": "2045"}}, cause)
        world.book.update(made["customer"], {"phone": "+1 555 0100"}, cause)
        await world.run("old-processor-events")
    world.clock.at_ms += 60_000
    for name in reversed(JobName):
        assert (await runner_of(world).undo(name, Limits())).kept == ()
    methods: list[PaymentMethod] = await world.all(PaymentMethod)
    assert [one.id for one in methods if one.deleted_at_ms == 0] == [token]
    assert await world.store.read(VaultKey, token) is not None
    customers: list[Customer] = await world.all(Customer)
    assert [(one.id, one.name) for one in customers if one.deleted_at_ms == 0] == [("cus_here", "Ada")]


async def test_past_the_way_back_no_job_is_undone_whichever_began_it(world: BothWorld) -> None:
    await world.move()
    note = NoReturn(id=NO_RETURN_ID, job="audit-trail", at_ms=world.clock.at_ms, actor="key:ops")
    await world.store.transact(lambda transaction: transaction.put(note), "test")
    before = await world.all(PaymentMethod)
    with pytest.raises(PastReturn, match="since audit-trail began"):
        await runner_of(world).undo(JobName.PAYMENT_METHODS, Limits())
    assert await world.all(PaymentMethod) == before
