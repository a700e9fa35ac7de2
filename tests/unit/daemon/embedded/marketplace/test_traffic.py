"""Properties of the open loop of payments, on a clock that sleeps in no time."""

import asyncio
import random
from collections.abc import Callable

import pytest

from config.scenario import Traffic as TrafficSettings
from daemon.embedded.marketplace.mix import Order
from daemon.embedded.marketplace.resolver import Resolver, WeightedRecord
from daemon.embedded.marketplace.traffic import IN_FLIGHT_MAX, Answer, Receipt, Traffic
from remediation.errors import WorldRefused


class _Clock:
    """Sleeping moves the time, lets the others run and does what the test wants done then."""

    def __init__(self) -> None:
        self.ms = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000
        await asyncio.sleep(0)
        self.on_sleep()


class _Zone:
    async def records(self) -> tuple[WeightedRecord, ...]:
        return (WeightedRecord("blue", "127.0.0.2", 100, 3600),)


class _Moving:
    """A name that leads elsewhere after the first answer."""

    def __init__(self) -> None:
        self._addresses = iter(("127.0.0.2",))

    async def records(self) -> tuple[WeightedRecord, ...]:
        return (WeightedRecord("blue", next(self._addresses, "127.0.0.9"), 100, 1),)


class _NoZone:
    async def records(self) -> tuple[WeightedRecord, ...]:
        raise WorldRefused("no such zone")


class _Gateway:
    """Answers as told; end is called once so many payments were asked for."""

    def __init__(self, answer: Callable[[Order], Answer], payments: int) -> None:
        self._answer = answer
        self._left = payments
        self.end: Callable[[], None] = lambda: None
        self.looks: list[Answer] = []
        self.captured: list[Order] = []
        self.refunded: list[Order] = []
        self.asked: list[Order] = []
        self.release: asyncio.Event | None = None
        self.looked: list[str] = []

    async def pay(self, address: str, order: Order) -> Receipt:
        assert address == "127.0.0.2"
        self.asked.append(order)
        self._left -= 1
        if self._left <= 0:
            self.end()
        if self.release is not None:
            await self.release.wait()
        return Receipt(self._answer(order), f"pay_{order.number}")

    async def look(self, address: str, payment_id: str) -> Answer:
        self.looked.append(address)
        assert payment_id
        return self.looks.pop(0)

    async def capture(self, address: str, order: Order, payment_id: str) -> None:
        assert address
        assert payment_id == f"pay_{order.number}"
        self.captured.append(order)

    async def refund(self, address: str, order: Order, payment_id: str) -> None:
        assert address
        assert payment_id == f"pay_{order.number}"
        self.refunded.append(order)


def _traffic(gateway: _Gateway, zone: _Zone | _Moving | _NoZone | None = None, clock: _Clock | None = None) -> Traffic:
    clock = _Clock() if clock is None else clock
    resolver = Resolver(_Zone() if zone is None else zone, clock, random.Random(1))  # noqa: S311  # a reproducible test
    traffic = Traffic(TrafficSettings(payments_per_second=100, clients=3), resolver, gateway, clock)
    gateway.end = traffic.end
    return traffic


async def test_every_payment_that_was_begun_is_in_exactly_one_count() -> None:
    answers = (Answer.SUCCEEDED, Answer.DECLINED, Answer.FAILED)
    gateway = _Gateway(lambda order: answers[order.number % 3], 300)
    traffic = _traffic(gateway)
    await traffic.run()
    tally = traffic.tally
    assert tally.attempted == len(gateway.asked) >= 300
    assert tally.attempted == tally.succeeded + tally.declined + tally.failed
    assert min(tally.succeeded, tally.declined, tally.failed) >= 100


async def test_a_payment_that_is_still_processing_is_asked_for_until_its_outcome_is_known() -> None:
    gateway = _Gateway(lambda _: Answer.PROCESSING, 1)
    gateway.looks = [Answer.PROCESSING, Answer.PROCESSING, Answer.SUCCEEDED] * 3
    traffic = _traffic(gateway)
    await traffic.run()
    assert traffic.tally.succeeded == traffic.tally.attempted
    assert traffic.tally.processing == 0


async def test_what_became_of_a_payment_is_asked_where_its_name_leads_now() -> None:
    zone = _Moving()
    gateway = _Gateway(lambda _: Answer.PROCESSING, 1)
    gateway.looks = [Answer.PROCESSING] * 40
    await _traffic(gateway, zone).run()
    assert gateway.looked[-1] == "127.0.0.9"


async def test_a_payment_whose_outcome_nobody_learns_is_counted_as_processing_and_nothing_else() -> None:
    gateway = _Gateway(lambda _: Answer.PROCESSING, 1)
    gateway.looks = [Answer.PROCESSING] * 40
    traffic = _traffic(gateway)
    await traffic.run()
    assert traffic.tally.processing == traffic.tally.attempted


async def test_authorized_payments_are_captured_and_refunds_follow_only_what_succeeded() -> None:
    gateway = _Gateway(lambda order: Answer.SUCCEEDED if order.number % 2 else Answer.FAILED, 1_000)
    await _traffic(gateway).run()
    paid = [order for order in gateway.asked if order.number % 2]
    assert {order.number for order in gateway.captured} == {order.number for order in paid if order.capture_later}
    assert {order.number for order in gateway.refunded} == {order.number for order in paid if order.refund_cents}
    assert gateway.captured
    assert gateway.refunded


async def test_a_core_that_hangs_is_sent_no_more_than_the_limit_and_the_rest_counts_as_failed() -> None:
    gateway = _Gateway(lambda _: Answer.SUCCEEDED, 10_000)
    released = gateway.release = asyncio.Event()
    clock = _Clock()
    traffic = _traffic(gateway, clock=clock)

    def end_when_some_were_held_back() -> None:
        if traffic.tally.not_sent == 5:
            assert len(gateway.asked) == IN_FLIGHT_MAX
            traffic.end()
            released.set()

    clock.on_sleep = end_when_some_were_held_back
    await traffic.run()
    assert traffic.tally.failed == traffic.tally.not_sent
    assert traffic.tally.succeeded == IN_FLIGHT_MAX


async def test_payments_fail_while_the_name_cannot_be_resolved() -> None:
    gateway = _Gateway(lambda _: Answer.SUCCEEDED, 1)
    clock = _Clock()
    traffic = _traffic(gateway, _NoZone(), clock)
    clock.on_sleep = lambda: traffic.end() if traffic.tally.failed == 10 else None
    await traffic.run()
    assert not gateway.asked
    assert traffic.tally.failed == traffic.tally.attempted


@pytest.mark.parametrize("rate", [20.0, 200.0])
async def test_payments_come_at_the_rate_that_was_asked_for_even_when_each_start_is_late(rate: float) -> None:
    gateway = _Gateway(lambda _: Answer.SUCCEEDED, 2_000)
    clock = _Clock()
    resolver = Resolver(_Zone(), clock, random.Random(1))  # noqa: S311  # a reproducible test
    traffic = Traffic(TrafficSettings(payments_per_second=rate), resolver, gateway, clock)
    gateway.end = traffic.end
    await traffic.run()
    assert traffic.tally.attempted / (clock.ms / 1000) == pytest.approx(rate, rel=0.1)
