"""A runner dies at any moment; the next one goes on, redoes at most one batch, and the end is the same."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from payment_core.errors import StoreClosed
from payment_core.migration.errors import JobHeld
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Reason
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.migration.names import JobName, JobState
from payment_core.store.walking import every_account
from tests.contract.migration.bent_stores import FailingStore
from tests.contract.migration.invented import Invented, balance_transaction, card, card_number, whole
from tests.contract.migration.worlds import World, contents, meaning, migration_world, reconciled, run_all

DIRTY_CARDS = (
    card("pm_expired", "cus_1", card_number(71), year=2020),
    card("pm_mistyped", "cus_1", "4000000000000000"),
    card("pm_nobody", "cus_none", card_number(72)),
    card("pm_detached", None, card_number(73)),
    card("pm_again", "cus_2", card_number(2)),
    card("pm_1", "cus_1", card_number(74), year=2033),
    PaymentMethod(id="pm_blank", customer="cus_1"),
)
DIRT = st.lists(
    st.one_of(
        st.sampled_from(DIRTY_CARDS),
        st.sampled_from(tuple(Kind)),
        st.builds(balance_transaction, st.integers(1, 6), st.integers(-9_000, 9_000), source=st.just("ch_1")),
    ),
    max_size=6,
)


def dirty(dirt: list[object]) -> Invented:
    """An export with these behind the good records."""
    source = whole(4)
    for one in dirt:
        if isinstance(one, Kind):
            source.spoil(one, Reason.NOT_JSON)
        elif isinstance(one, PaymentMethod):
            source.add(Kind.PAYMENT_METHODS, one)
        else:
            source.add(Kind.BALANCE_TRANSACTIONS, one)  # type: ignore[arg-type]  # the third of the strategies
    return source


async def run_cut(world: World, source: Invented, fails_at: int, *, after: bool) -> None:
    """Run until the store fails, then go on with another runner over the whole store."""
    failing = FailingStore(world.store, fails_at, after=after)
    runner = world.runner(failing)  # type: ignore[arg-type]  # a runner asks for no books
    try:
        for job in JobName:
            await runner.run(job, source, world.limits)
    except StoreClosed:
        pass
    # The lease of the one that died is over.
    world.clock.wall_ms += world.limits.lease_ms + 1


@settings(max_examples=10, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(dirt=DIRT, fails_at=st.integers(1, 90), after=st.booleans())
async def test_whatever_the_dirt_and_wherever_the_cut_the_end_is_the_same(
    dirt: list[object],
    fails_at: int,
    after: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            migration_world("memory", Path(folder)) as whole_world,
            migration_world("memory", Path(folder)) as cut_world,
        ):
            await run_all(whole_world, dirty(dirt))
            source = dirty(dirt)
            await run_cut(cut_world, source, fails_at, after=after)
            await run_all(cut_world, source)
            assert _kept(meaning(await contents(cut_world.store))) == _kept(meaning(await contents(whole_world.store)))
            # Each record is read by its job and by the trail's; what is more was done again.
            records = sum(source.records(kind) for kind in Kind)
            assert source.reads - 2 * records <= cut_world.limits.batch_records
            found = await reconciled(cut_world, dirty(dirt))
            assert found.differences == ()
            exported = sum(kind.exported for kind in found.kinds)
            assert exported == records
            assert sum(kind.equal + kind.superseded + kind.waiting for kind in found.kinds) == exported


def _kept(found: dict[str, object]) -> dict[str, object]:
    """Fingerprints are keyed, and each of the two worlds has its own key."""
    found["cards"] = [(one[0], *one[2:]) for one in found["cards"]]  # type: ignore[attr-defined]  # made by meaning
    return {
        name: (one[1:] if isinstance(one, tuple) and name.startswith("migration_moved") else one)
        for name, one in found.items()
    }


@pytest.mark.parametrize("after", [False, True])
async def test_at_most_one_batch_is_done_again(plain: World, after: bool) -> None:
    source = whole(12)
    # Claim, then write, look and mark of the first batch: the fifth writes the second batch.
    failing = FailingStore(plain.store, 5, after=after)
    with pytest.raises(StoreClosed):
        await plain.runner(failing).run(JobName.CUSTOMERS, source, plain.limits)  # type: ignore[arg-type]  # no books
    plain.clock.wall_ms += plain.limits.lease_ms + 1
    source.reads = 0
    status = await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)
    assert (status.state, status.counts.moved, status.counts.read) == (JobState.DONE, 12, 12)
    assert source.reads == (4 if after else 8)


async def test_a_batch_that_was_written_and_not_proved_is_proved_before_the_next_begins(plain: World) -> None:
    source = whole(12)
    # Claim, write; the proof's look is the third.
    failing = FailingStore(plain.store, 3, after=False)
    with pytest.raises(StoreClosed):
        await plain.runner(failing).run(JobName.CUSTOMERS, source, plain.limits)  # type: ignore[arg-type]  # no books
    status = await plain.runner().status(JobName.CUSTOMERS)
    assert (status.batches, status.unproved) == (1, 1)
    plain.clock.wall_ms += plain.limits.lease_ms + 1
    status = await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)
    assert (status.batches, status.unproved, status.source) == (3, 0, status.target)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fails_at", [2, 3, 4, 6, 7])
async def test_an_undo_that_is_cut_goes_on_and_reverses_each_entry_once(
    plain: World,
    fails_at: int,
    after: bool,
) -> None:
    source = whole(9)
    await run_all(plain, source)
    await plain.runner().undo(JobName.AUDIT_TRAIL, plain.limits)
    failing = FailingStore(plain.store, fails_at, after=after)
    with pytest.raises(StoreClosed):
        await plain.runner(failing).undo(JobName.TRANSACTION_HISTORY, plain.limits)  # type: ignore[arg-type]  # no books
    plain.clock.wall_ms += plain.limits.lease_ms + 1
    with pytest.raises(JobHeld, match="undo"):
        await plain.runner().run(JobName.TRANSACTION_HISTORY, source, plain.limits)
    undone = await plain.runner().undo(JobName.TRANSACTION_HISTORY, plain.limits)
    assert undone.records == 9 + 3 + 1 + 13
    assert {row.balances.balance_cents("debit") async for row in every_account(plain.store)} == {0}
    posted = [one.journal.recipe for one in await plain.store.journals(0, 1_000)]
    moved = sum(len(one.journal.moves) for one in await plain.store.journals(0, 1_000))
    assert posted.count("migrated_history") > 0 < posted.count("migrated_history_reversed")
    assert moved == 2 * (13 + 9)
