"""The supervisor: a dead task stops everything, and stopping is ordered and bounded."""

import asyncio

import pytest

from daemon.errors import TaskDied
from daemon.supervisor import Supervisor, Task


def _forever(name: str, ended: list[str]) -> Task:
    async def run() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    return Task(name, run)


async def test_a_task_that_raises_is_named_in_the_death() -> None:
    async def fail() -> None:
        message = "no more"
        raise ValueError(message)

    supervisor = Supervisor()
    supervisor.start(Task("reader", fail))
    with pytest.raises(TaskDied, match="reader: ValueError"):
        await supervisor.wait(asyncio.Event())
    await supervisor.stop()


async def test_a_task_that_simply_ends_is_a_death_too() -> None:
    async def end() -> None:
        await asyncio.sleep(0)

    supervisor = Supervisor()
    supervisor.start(Task("writer", end))
    with pytest.raises(TaskDied, match="writer"):
        await supervisor.wait(asyncio.Event())
    await supervisor.stop()


async def test_tasks_are_stopped_last_started_first() -> None:
    ended: list[str] = []
    supervisor = Supervisor()
    for name in ("decide", "http", "source"):
        supervisor.start(_forever(name, ended))
    await asyncio.sleep(0)
    assert supervisor.names() == ("decide", "http", "source")
    assert await supervisor.stop() == []
    assert ended == ["source", "http", "decide"]


async def test_a_stop_that_was_asked_for_is_no_death() -> None:
    ended: list[str] = []
    supervisor = Supervisor()
    supervisor.start(_forever("decide", ended))
    stop = asyncio.Event()
    stop.set()
    await supervisor.wait(stop)
    await supervisor.stop()
    assert ended == ["decide"]


async def test_a_task_that_will_not_end_is_named_and_does_not_hold_the_others() -> None:
    released = asyncio.Event()
    ended: list[str] = []

    async def stubborn() -> None:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    supervisor = Supervisor(stop_seconds=0.01)
    supervisor.start(_forever("decide", ended))
    supervisor.start(Task("stubborn", stubborn))
    await asyncio.sleep(0)
    assert await supervisor.stop() == ["stubborn"]
    assert ended == ["decide"]
    released.set()
