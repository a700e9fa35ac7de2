"""The simulated rail answers as documented and forgets nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from payment_core.acquirer.port import Instruction, Order, RailAnswer, Verdict
from payment_core.acquirer.simulated import SimulatedAcquirer
from payment_core.acquirer.tokens import SANDBOX_TOKENS, SandboxToken


class HandClock:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def rail(tmp_path: Path, clock: HandClock) -> AsyncIterator[SimulatedAcquirer]:
    acquirer = open_rail(tmp_path, clock)
    await acquirer.open()
    yield acquirer
    await acquirer.close()


def open_rail(path: Path, clock: HandClock) -> SimulatedAcquirer:
    return SimulatedAcquirer(path=path / "rail.db", clock=clock, latency_ms=0, seed=1)


def order(reference: str, method: str, what: Order = "purchase") -> Instruction:
    return Instruction(reference, what, "card", method, 1000)


ANSWERS: dict[str, Callable[[SandboxToken], RailAnswer]] = {
    "approve": lambda _: RailAnswer(Verdict.APPROVED),
    "decline": lambda token: RailAnswer(Verdict.DECLINED, token.code),
    "error": lambda token: RailAnswer(Verdict.FAILED, token.code),
}


@pytest.mark.parametrize(
    "token", [token for token in SANDBOX_TOKENS if token.behaviour in ANSWERS], ids=lambda token: token.token
)
async def test_a_token_answers_as_documented_and_status_says_the_same(
    rail: SimulatedAcquirer, token: SandboxToken
) -> None:
    expected = ANSWERS[token.behaviour](token)
    assert await rail.submit(order("r1", token.token)) == expected
    assert await rail.status("r1") == expected


async def test_the_same_reference_gets_the_same_answer_whatever_is_sent(rail: SimulatedAcquirer) -> None:
    assert (await rail.submit(order("r1", "tok_declined_fraud"))).verdict is Verdict.DECLINED
    assert (await rail.submit(order("r1", "tok_visa"))).verdict is Verdict.DECLINED


async def test_a_reference_that_was_never_sent_is_not_found(rail: SimulatedAcquirer) -> None:
    assert await rail.status("never") == RailAnswer(Verdict.NOT_FOUND)


async def test_tok_timeout_never_answers_and_is_decided_when_asked_later(
    rail: SimulatedAcquirer, clock: HandClock
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await rail.submit(order("r1", "tok_timeout"))
    assert (await rail.status("r1")).verdict is Verdict.UNKNOWN
    clock.ms += 2000
    assert (await rail.status("r1")).verdict is Verdict.APPROVED


async def test_another_process_sees_the_same_rail_and_a_restart_forgets_nothing(
    rail: SimulatedAcquirer, tmp_path: Path, clock: HandClock
) -> None:
    await rail.submit(order("r1", "tok_declined_expired"))
    other = open_rail(tmp_path, clock)
    await other.open()
    assert await other.status("r1") == RailAnswer(Verdict.DECLINED, "expired_card")
    await other.close()


async def test_what_follows_an_authorization_is_approved(rail: SimulatedAcquirer) -> None:
    followers: tuple[Order, ...] = ("capture", "void", "refund")
    for what in followers:
        assert (await rail.submit(order(what, "tok_timeout", what))).verdict is Verdict.APPROVED
