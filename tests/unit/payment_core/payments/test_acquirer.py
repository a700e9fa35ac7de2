"""The simulated rail answers as documented and forgets nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from payment_core.acquirer.cards import SANDBOX_CARDS, WINNING_EVIDENCE, SandboxCard
from payment_core.acquirer.port import Instruction, Order, RailAnswer, Verdict
from payment_core.acquirer.simulated import SimulatedAcquirer
from payment_core.acquirer.tokens import SANDBOX_TOKENS
from payment_core.vault.numbers.sensitive import Cvc, Pan
from tests.simulation.payment_world import HandClock

VERDICTS = {
    "approve": Verdict.APPROVED,
    "decline": Verdict.DECLINED,
    "error": Verdict.FAILED,
    "dispute": Verdict.APPROVED,
}


class OneCard:
    """A vault with one card in it."""

    def __init__(self, number: str) -> None:
        self.number = number

    async def card_number(self, token: str) -> Pan | None:
        return Pan(self.number) if token == "tok_vaulted" else None


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(params=["memory", "file"])
async def rail(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> AsyncIterator[SimulatedAcquirer]:
    acquirer = open_rail(tmp_path if request.param == "file" else None, clock)
    await acquirer.open()
    yield acquirer
    await acquirer.close()


def open_rail(folder: Path | None, clock: HandClock, card: str = "4242424242424242") -> SimulatedAcquirer:
    path = None if folder is None else folder / "rail.db"
    return SimulatedAcquirer(path=path, clock=clock, latency_ms=0, seed=1, cards=OneCard(card))


def order(reference: str, method: str, what: Order = "purchase", original: str = "") -> Instruction:
    return Instruction(reference, what, "card", method, 1000, original=original)


@pytest.mark.parametrize(
    ("token", "verdict", "code"),
    [(token.token, VERDICTS[token.behaviour], token.code) for token in SANDBOX_TOKENS if token.behaviour in VERDICTS],
)
async def test_a_token_answers_as_documented_and_status_says_the_same(
    rail: SimulatedAcquirer, token: str, verdict: Verdict, code: str
) -> None:
    assert await rail.submit(order("r1", token)) == RailAnswer(verdict, code)
    assert await rail.status("r1") == RailAnswer(verdict, code)


@pytest.mark.parametrize("card", SANDBOX_CARDS, ids=lambda card: f"ends in {card.number[-4:]}")
async def test_a_test_card_from_the_vault_answers_as_documented(clock: HandClock, card: SandboxCard) -> None:
    rail = open_rail(None, clock, card.number)
    code = "" if card.behaviour in {"approve", "dispute"} else card.code
    assert await rail.submit(order("r1", "tok_vaulted")) == RailAnswer(VERDICTS[card.behaviour], code)
    assert len(await rail.disputes(0, 10)) == (card.behaviour == "dispute")


async def test_any_other_card_is_approved_and_a_token_without_a_card_declined(clock: HandClock) -> None:
    rail = open_rail(None, clock, "4539578763621486")
    assert (await rail.submit(order("r1", "tok_vaulted"))).verdict is Verdict.APPROVED
    assert await rail.submit(order("r2", "tok_shredded")) == RailAnswer(Verdict.DECLINED, "card_unknown")


async def test_the_verification_code_shows_in_no_text(clock: HandClock) -> None:
    instruction = Instruction("r1", "purchase", "card", "tok_vaulted", 1000, cvc=Cvc("7319"))
    await open_rail(None, clock).submit(instruction)
    assert "7319" not in repr(instruction)


async def test_a_dispute_is_told_once_after_capture_and_decided_by_its_evidence(
    rail: SimulatedAcquirer, clock: HandClock
) -> None:
    assert await rail.disputes(0, 10) == []
    for evidence, outcome in ((f"see {WINNING_EVIDENCE}", "won"), ("a shrug", "lost"), ("", "lost")):
        other = open_rail(None, clock, "4000000000000259")
        await other.submit(order("pay_1", "tok_vaulted", "authorize"))
        assert await other.disputes(0, 10) == []
        for _ in range(2):
            await other.submit(order("cap_1", "tok_vaulted", "capture", "pay_1"))
        (opened,) = await other.disputes(0, 10)
        assert (opened.original, opened.outcome, opened.amount_cents) == ("pay_1", "opened", 1000)
        for _ in range(2):
            await other.answer_dispute(opened.reference, evidence)
        assert [(notice.sequence, notice.outcome) for notice in await other.disputes(1, 10)] == [(2, outcome)]


async def test_the_same_reference_gets_the_same_answer_whatever_is_sent(rail: SimulatedAcquirer) -> None:
    assert (await rail.submit(order("r1", "tok_declined_fraud"))).verdict is Verdict.DECLINED
    assert (await rail.submit(order("r1", "tok_visa"))).verdict is Verdict.DECLINED


async def test_a_reference_that_was_never_sent_is_not_found(rail: SimulatedAcquirer) -> None:
    assert await rail.status("never") == RailAnswer(Verdict.NOT_FOUND)


async def test_tok_timeout_never_answers_and_is_decided_when_asked_later(
    rail: SimulatedAcquirer, clock: HandClock
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await rail.submit(order("r1", "tok_timeout"))
    assert (await rail.status("r1")).verdict is Verdict.UNKNOWN
    clock.ms += 2000
    assert (await rail.status("r1")).verdict is Verdict.APPROVED


async def test_another_process_sees_the_same_rail_and_a_restart_forgets_nothing(
    tmp_path: Path, clock: HandClock
) -> None:
    first, other = open_rail(tmp_path, clock), open_rail(tmp_path, clock, "4000000000000259")
    await first.open()
    await other.open()
    await first.submit(order("r1", "tok_declined_expired"))
    await other.submit(order("r2", "tok_vaulted"))
    assert await other.status("r1") == RailAnswer(Verdict.DECLINED, "expired_card")
    (notice,) = await first.disputes(0, 10)
    await first.answer_dispute(notice.reference, WINNING_EVIDENCE)
    assert [told.outcome for told in await other.disputes(0, 10)] == ["opened", "won"]
    await first.close()
    await other.close()


async def test_what_follows_an_authorization_is_approved(rail: SimulatedAcquirer) -> None:
    followers: tuple[Order, ...] = ("capture", "void", "refund")
    for what in followers:
        assert (await rail.submit(order(what, "tok_timeout", what))).verdict is Verdict.APPROVED
