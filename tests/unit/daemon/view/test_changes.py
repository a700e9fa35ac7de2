"""Waiting for the next version."""

import asyncio

from daemon.view.changes import Changes


async def test_whoever_is_behind_gets_the_version_at_once() -> None:
    changes = Changes()
    assert await changes.after(0) == 1
    changes.mark()
    assert await changes.after(1) == 2


async def test_every_waiter_wakes_on_one_change_and_none_before() -> None:
    changes = Changes()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(changes.after(1), name=f"waiter-{number}") for number in range(3)]
        await asyncio.sleep(0)
        assert not any(waiter.done() for waiter in waiting)
        changes.mark()
    assert [waiter.result() for waiter in waiting] == [2, 2, 2]


async def test_changes_while_nobody_waits_are_one_change_for_who_comes_later() -> None:
    changes = Changes()
    for _ in range(5):
        changes.mark()
    assert await changes.after(1) == 6
