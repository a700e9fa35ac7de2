"""What every kind of channel owes: taken once and known again, later or never told apart, no secret in any error."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.channels.health import ChannelHealth
from daemon.channels.ports import ChannelDown, NotDelivered, NoticeNotTaken, NoticeRefused
from remediation.escalation.notices import Notice, NoticeKind, Target
from tests.contract.channels.worlds import KINDS, Outcome, away, opened
from tests.unit.daemon.channels.channel_world import FakeChannel, sending
from tests.unit.remediation.incidents.telling import breach
from tests.unit.remediation.worlds import NOW_MS

every_kind = pytest.mark.parametrize("kind", KINDS)


def notice(
    number: int = 25, kind: NoticeKind = "trigger", *, title: str = "critical: rule", body: str = "seen"
) -> Notice:
    return Notice(
        incident_id=f"inc-{number}",
        generation=1,
        kind=kind,
        severity=1,
        title=title,
        body=body,
        step=1,
        target=Target(person="ana", channel="own"),
        about=f"rule (inc-{number})",
        labels={"rule": "payment-failure-rate", "region": "us-east-1"},
        began_at_ms=NOW_MS - 5_000,
    )


@every_kind
async def test_a_notice_is_taken_and_says_what_is_wrong(kind: str) -> None:
    async with opened(kind) as world:
        one = notice(title="critical: payment-failure-rate for us-east-1 (inc-25)")
        receipt = await world.channel.send(one, one.id, world.address, NOW_MS)
        (seen,) = world.seen()
        assert "payment-failure-rate for us-east-1" in seen.text
        assert "inc-25" in seen.text
        assert not world.broken()
        assert receipt.detail
        assert all(secret not in receipt.detail for secret in (*world.secrets, "ana@example.com"))


@every_kind
async def test_what_is_sent_twice_is_known_again_and_another_alert_is_not_taken_for_it(kind: str) -> None:
    async with opened(kind) as world:
        for one in (notice(), notice(), notice(26)):
            await world.channel.send(one, one.id, world.address, NOW_MS)
        first, second, other = (one.known_by for one in world.seen())
        assert first == second
        assert first
        assert other != first


@every_kind
async def test_what_follows_an_alert_is_taken_too(kind: str) -> None:
    async with opened(kind) as world:
        follows: tuple[NoticeKind, ...] = ("trigger", "acknowledge", "resolve")
        for which in follows:
            one = notice(kind=which)
            await world.channel.send(one, one.id, world.address, NOW_MS)
        assert not world.broken()
        assert len(world.seen()) == (2 if kind == "alertmanager" else 3)


@every_kind
@pytest.mark.parametrize("outcome", ["later", "hangs"])
async def test_what_may_be_taken_later_is_tried_again(kind: str, outcome: Outcome) -> None:
    async with opened(kind, attempt_seconds=0.1) as world:
        world.answer(outcome)
        with pytest.raises(NotDelivered) as raised:
            await world.channel.send(notice(), "key", world.address, NOW_MS)
        assert type(raised.value) in {ChannelDown, NoticeNotTaken}
        assert raised.value.retryable
        assert all(secret not in str(raised.value) for secret in (*world.secrets, world.address) if secret)


@every_kind
async def test_what_is_never_taken_is_told_apart(kind: str) -> None:
    async with opened(kind) as world:
        world.answer("never")
        with pytest.raises(NotDelivered) as raised:
            await world.channel.send(notice(), "key", world.address, NOW_MS)
        assert (type(raised.value) is NoticeRefused) == world.has_never
        assert all(secret not in str(raised.value) for secret in (*world.secrets, world.address) if secret)
        world.answer("taken")
        await world.channel.send(notice(), "key", world.address, NOW_MS)
        assert len(world.seen()) == 1, "a refusal is of the notice and not of the channel"


@every_kind
async def test_a_receiver_that_is_away_is_tried_again(kind: str) -> None:
    async with away(kind) as world:
        with pytest.raises(ChannelDown) as raised:
            await world.channel.send(notice(), "key", world.address, NOW_MS)
        assert raised.value.retryable


TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "critical: x\r\nBcc: everybody@example.com\r\n\r\nbody",
            "<at>everyone</at> **[here](https://example.com)** <!channel>",
            "\x00\x1b[31m\ud800 \N{PILE OF POO}" * 20,
            "ü" * 4_000,
            "." * 3_000,
            "\n.\nQUIT\n",
        ]
    ),
    st.builds(lambda letter, times: letter * times, st.characters(), st.integers(0, 70_000)),
)


@every_kind
@given(texts=st.lists(st.tuples(TEXT.filter(bool), TEXT), min_size=1, max_size=4))
@settings(max_examples=6, deadline=None)
async def test_nothing_that_was_observed_breaks_a_rule_of_the_receiver(kind: str, texts: list[tuple[str, str]]) -> None:
    async with opened(kind) as world:
        for title, body in texts:
            one = notice(title=title, body=body)
            await world.channel.send(one, one.id, world.address, NOW_MS)
        assert not world.broken()
        assert len(world.seen()) == len(texts)


@every_kind
async def test_another_channel_tells_within_a_minute_and_the_failure_is_told_as_one(kind: str) -> None:
    async with away(kind) as world:
        chat = FakeChannel()
        addresses = {"own": world.address} if world.address else {}
        here = await sending({"own": world.channel, "chat": chat}, addresses=addresses)
        await here.world.say(breach("payment-failure-rate", "critical"))
        await here.world.pager.tick()
        began_ms = here.world.scene.clock.at_ms
        while not chat.taken:
            await here.play(1)
            assert here.world.scene.clock.at_ms - began_ms <= 60_000
        health = ChannelHealth(here.outbox, "us-east-1", 30.0).look(here.world.scene.clock.at_ms)
        assert {one.subject: one.status for one in health}["channel-own"] == "unhealthy"
        # From here on its first notice goes there at once.
        await here.world.say(breach("other", "critical", subject="part-2"))
        await here.world.pager.tick()
        await here.step("chat")
        assert len(chat.taken) == 2


async def test_an_attempt_ends_after_ten_seconds_whatever_the_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.channels.outbox.ATTEMPT_SECONDS", 0.01)
    hanging = FakeChannel(hangs=True)
    here = await sending({"own": hanging})
    await here.world.say(breach("payment-failure-rate", "critical"))
    await here.world.pager.tick()
    async with asyncio.timeout(5):
        await here.step()
    setback = here.outbox.setbacks.of("own")
    assert setback is not None
    assert setback.why == "no answer within 0.01 s"
