"""What the cores' books say is asked for while somebody looks, and what is known stays with its age."""

import asyncio

import httpx
import pytest

from daemon.cores.api import CoreApi
from daemon.cores.books import LISTED_MAX, CoreBooks, FraudLists, TrialBalance
from daemon.cores.books_watch import EVERY_SECONDS, BooksWatch
from remediation.errors import RemediationError, WorldRefused, WorldUnreachable
from tests.unit.remediation.worlds import NOW_MS, FakeClock


class Books:
    """Counts; fault: nobody answers."""

    def __init__(self) -> None:
        self.asked = 0
        self.fault: RemediationError | None = None
        self.read_at_ms = 0

    async def trial_balance(self) -> TrialBalance:
        """An empty chart."""
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return TrialBalance((), self.read_at_ms, self.read_at_ms)

    async def fraud_lists(self) -> FraudLists:
        """Nobody is listed."""
        return FraudLists((), more=False)

    async def mode(self) -> str:
        """As usual."""
        return "normal"


class Clock(FakeClock):
    """Sleeping lets others run and is remembered."""

    slept: list[float]

    def __init__(self) -> None:
        super().__init__()
        self.slept = []

    async def sleep(self, seconds: float) -> None:
        """See Clock."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def test_nothing_is_known_and_nothing_asked_before_somebody_looks() -> None:
    books = Books()
    watch = BooksWatch(books, Clock(), lambda: None)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.run(), name="watch")
        for _ in range(5):
            await asyncio.sleep(0)
        assert books.asked == 0
        assert watch.look().accounts.value is None
        task.cancel()


async def test_looking_asks_once_for_each_interval_and_says_that_there_is_news() -> None:
    books, clock, news = Books(), Clock(), asyncio.Event()
    watch = BooksWatch(books, clock, news.set)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.run(), name="watch")
        watch.look()
        async with asyncio.timeout(5):
            await news.wait()
        assert watch.look().accounts.value == TrialBalance(())
        assert (watch.look().accounts.read_at_ms, watch.look().mode.value) == (NOW_MS, "normal")
        for _ in range(3):
            await asyncio.sleep(0)
        assert set(clock.slept) == {EVERY_SECONDS}
        task.cancel()


async def test_what_was_known_stays_with_its_age_when_nobody_answers() -> None:
    books, clock = Books(), Clock()
    watch = BooksWatch(books, clock, lambda: None)
    await watch.refresh()
    clock.at_ms += 60_000
    books.fault = WorldUnreachable("both are away")
    await watch.refresh()
    known = watch.look()
    assert (known.accounts.value, known.accounts.read_at_ms) == (TrialBalance(()), NOW_MS)
    assert "both are away" in known.accounts.fault
    assert (known.lists.read_at_ms, known.lists.fault) == (NOW_MS + 60_000, "")


async def test_a_trial_balance_is_of_the_moment_that_the_core_read_it_and_not_of_when_it_was_asked() -> None:
    books = Books()
    books.read_at_ms = NOW_MS - 9_000
    watch = BooksWatch(books, Clock(), lambda: None)
    await watch.refresh()
    assert (watch.look().accounts.read_at_ms, watch.look().mode.read_at_ms) == (NOW_MS - 9_000, NOW_MS)


async def test_who_waits_for_the_first_answer_waits_for_no_second() -> None:
    watch = BooksWatch(Books(), Clock(), lambda: None)
    await watch.refresh()
    async with asyncio.timeout(0.5):
        await watch.first()


def core(*answers: tuple[int, object]) -> CoreBooks:
    left = list(answers)
    seen.clear()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        status, body = left.pop(0)
        return httpx.Response(status, json=body)

    return CoreBooks(CoreApi(["http://core.test"], "", httpx.MockTransport(answer)))


seen: list[str] = []


async def test_the_lists_are_the_live_ones_and_no_more_than_a_page() -> None:
    entry = {
        "id": "fle_1",
        "list": "block",
        "kind": "ip",
        "value": "203.0.113.7",
        "reason": "testing",
        "author": "daemon",
        "points": 0,
        "expires_at_ms": 5,
        "created_at_ms": 1,
        "version": 3,
    }
    found = await core((200, {"data": [entry], "next_after": "fle_1"})).fraud_lists()
    assert (found.entries[0].value, found.more) == ("203.0.113.7", True)
    assert seen == [f"http://core.test/v1/fraud/lists?state=active&limit={LISTED_MAX}"]


@pytest.mark.parametrize(("status", "error"), [(403, WorldRefused), (503, WorldUnreachable)])
async def test_a_core_that_says_no_is_no_answer(status: int, error: type[RemediationError]) -> None:
    with pytest.raises(error):
        await core((status, {"type": "urn:x", "detail": "no"})).trial_balance()


async def test_an_answer_that_is_none_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(WorldUnreachable):
        await core((200, {"nothing": []})).trial_balance()
