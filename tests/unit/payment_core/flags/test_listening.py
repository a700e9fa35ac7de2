"""Listening goes on through every fault, and tells the daemon what is served whenever that changes."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from payment_core.flags.arriving.listening import Listening
from payment_core.flags.arriving.reporting import Reporting, process_name
from payment_core.flags.envelope import REPORT_TOPICS, Report
from payment_core.flags.errors import DocumentOutOfReach
from payment_core.origin import Origin
from tests.unit.payment_core.flags.sealed import SWITCH, HandClock, Process, sealed, started

ORIGIN = Origin("blue", "1.0.0", "us-east-1")
WAIT_SECONDS = 20


class Session:
    """A connection whose messages the test puts in; an exception ends it."""

    def __init__(self, reports: "asyncio.Queue[tuple[str, Report]]") -> None:
        self.messages: asyncio.Queue[Sequence[bytes] | Exception] = asyncio.Queue()
        self._reports = reports

    async def documents(self) -> AsyncIterator[Sequence[bytes]]:
        while True:
            message = await self.messages.get()
            if isinstance(message, Exception):
                raise message
            yield message

    async def publish(self, topic: str, body: bytes) -> None:
        self._reports.put_nowait((topic, msgspec.json.decode(body, type=Report)))


class Broker:
    """Refuses as often as it is told, then opens sessions."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.sessions: asyncio.Queue[Session] = asyncio.Queue()
        self.reports: asyncio.Queue[tuple[str, Report]] = asyncio.Queue()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        if self.refusals > 0:
            self.refusals -= 1
            raise DocumentOutOfReach("refused")
        opened = Session(self.reports)
        self.sessions.put_nowait(opened)
        yield opened

    async def opened(self) -> Session:
        return await self.sessions.get()

    async def told(self) -> int:
        """The version of the next report."""
        topic, report = await self.reports.get()
        assert topic == f"{REPORT_TOPICS}{report.process}"
        return report.version


@asynccontextmanager
async def listening(broker: Broker, process: Process, report_seconds: float = WAIT_SECONDS) -> AsyncIterator[None]:
    reporting = Reporting(process.flags, ORIGIN, process_name(ORIGIN, 0))
    listener = Listening(
        broker=broker,
        taking_over=process.taking_over,
        report=reporting.report,
        counts=process.flags.counts,
        report_seconds=report_seconds,
        pause_seconds_max=0.0,
    )
    async with asyncio.timeout(WAIT_SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(listener.run(), name="listening")
        yield
        task.cancel()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payment_core.flags.arriving.listening.PAUSE_SECONDS_MIN", 0.0)


async def test_what_is_served_is_told_at_once_and_each_time_that_it_changes() -> None:
    broker, process = Broker(), await started(None)
    async with listening(broker, process):
        session = await broker.opened()
        assert await broker.told() == 0
        session.messages.put_nowait([sealed(3)])
        assert await broker.told() == 3
        assert process.flags.counts.connected is True
    assert process.flags.counts.connected is False


async def test_what_is_served_is_told_again_and_again_also_when_nothing_changes() -> None:
    broker, process = Broker(), await started(None)
    async with listening(broker, process, report_seconds=0.0):
        assert [await broker.told() for _ in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("fault", [DocumentOutOfReach("gone"), OSError("reset"), ValueError("a bug of a library")])
async def test_after_any_fault_of_a_connection_the_next_one_is_listened_to(fault: Exception) -> None:
    broker, process = Broker(refusals=3), await started(None)
    async with listening(broker, process):
        first = await broker.opened()
        first.messages.put_nowait([sealed(1)])
        first.messages.put_nowait(fault)
        second = await broker.opened()
        second.messages.put_nowait([sealed(1), sealed(2)])
        while await broker.told() != 2:
            pass
    assert (process.version, process.ignored) == (2, {})


async def test_an_old_message_that_a_broker_retained_is_ignored_by_who_is_ahead() -> None:
    broker, process = Broker(), await started(None)
    await process.offer(sealed(5))
    async with listening(broker, process):
        session = await broker.opened()
        session.messages.put_nowait([sealed(4)])
        session.messages.put_nowait([sealed(6)])
        while await broker.told() != 6:
            pass
    assert process.ignored == {"older": 1}


async def test_a_process_that_stops_in_order_says_so_as_its_last_word() -> None:
    broker, process = Broker(), await started(None)
    async with listening(broker, process):
        await broker.opened()
        assert await broker.told() == 0
    topic, last = broker.reports.get_nowait()
    assert (topic, last.ended, broker.reports.empty()) == (f"{REPORT_TOPICS}{last.process}", True, True)


async def test_a_broker_that_does_not_answer_holds_no_stop_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payment_core.flags.arriving.listening.FAREWELL_SECONDS", 0.0)
    broker, process = Broker(), await started(None)
    async with listening(broker, process):
        session = await broker.opened()
        assert await broker.told() == 0
        monkeypatch.setattr(session, "publish", _never)
    assert broker.reports.empty()


async def _never(_topic: str, _body: bytes) -> None:
    await asyncio.Event().wait()


def test_a_report_says_which_flags_had_no_answer() -> None:
    process = Process(None, HandClock())
    reporting = Reporting(process.flags, ORIGIN, "p")
    process.flags.enabled(SWITCH, {})
    report = reporting.report()
    assert (report.source, report.version, report.missing) == ("none", 0, ("switch",))


def test_two_processes_of_one_place_never_have_the_same_name() -> None:
    assert len({process_name(ORIGIN, 1) for _ in range(50)}) == 50
