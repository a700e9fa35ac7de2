"""What the journal wants told is sent until a channel took it: once, in order, by another channel when one fails."""

import asyncio

import pytest

from daemon.channels.ports import ChannelDown, NoticeNotTaken, NoticeRefused
from remediation.errors import JournalFull
from remediation.journal.escalation_kinds import NoticeFailed, NoticeSent
from remediation.journal.incident_kinds import IncidentAcknowledged
from remediation.journal.kinds import Body
from tests.unit.daemon.channels.channel_world import FakeChannel, Sending, sending
from tests.unit.remediation.incidents.telling import breach, clear

DOWN = ChannelDown("HTTP 503")


async def told(here: Sending, *, rule: str = "payment-failure-rate", severity: str = "critical", **key: str) -> None:
    """An incident opens, and its first step is due."""
    await here.world.say(breach(rule, severity, **key))
    await here.world.pager.tick()


async def test_a_notice_is_sent_under_its_key_to_its_address_and_recorded() -> None:
    pager = FakeChannel()
    here = await sending({"pager": pager})
    await told(here)
    await here.step()
    ((notice, key, address),) = pager.taken
    assert (key, address) == ("inc-1:1:1:on-call-engineer/pager:trigger", "@pager")
    assert notice.dedup_key == "inc-1:1"
    (sent,) = await here.recorded()
    assert sent == NoticeSent(incident_id="inc-1", notice_id=key, channel="pager", detail="taken")
    assert not here.waiting


async def test_nothing_is_sent_twice_by_one_process() -> None:
    pager = FakeChannel()
    here = await sending({"pager": pager})
    await told(here)
    await here.play(5)
    assert len(pager.tries) == 1


async def test_a_process_that_died_before_the_answer_was_recorded_sends_again_under_the_same_key() -> None:
    hanging, after = FakeChannel(hangs=True), FakeChannel()
    first = await sending({"pager": hanging})
    await told(first)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        dying = group.create_task(first.step(), name="dies")
        await hanging.called.wait()
        dying.cancel()
    assert not await first.recorded()
    second = await sending({"pager": after}, here=first.world)
    await second.step()
    assert hanging.tries == after.tries == ["inc-1:1:1:on-call-engineer/pager:trigger"]


async def test_what_was_taken_is_not_sent_again_while_the_journal_takes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pager = FakeChannel()
    here = await sending({"pager": pager})
    await told(here)

    async def full(_: Body, __: str = "") -> None:
        raise JournalFull

    with monkeypatch.context() as patch:
        patch.setattr(here.world.scene.writer, "append", full)
        await here.step()
        await here.step()
    assert len(pager.tries) == 1
    assert not await here.recorded()
    await here.step()
    assert len(pager.tries) == 1
    assert [type(body) for body in await here.recorded()] == [NoticeSent]


async def test_without_the_lease_nothing_is_sent() -> None:
    pager = FakeChannel()
    here = await sending({"pager": pager})
    await told(here)
    here.world.scene.clock.at_ms = here.world.scene.writer.lease.until_ms
    await here.step()
    assert not pager.tries


async def test_a_receiver_that_was_down_for_two_minutes_gets_all_within_five_seconds_in_order_and_once() -> None:
    pager = FakeChannel(fault=DOWN)
    here = await sending({"pager": pager})
    for number in range(20):
        await told(here, severity="high", rule=f"rule-{number}", subject=f"part-{number}")
        await here.world.pager.tick()
    await here.play(15, paging=True)
    await here.play(105)
    expected = [one.notice.incident_id for one in here.waiting]
    assert len(expected) == 20
    pager.fault = None
    await here.play(5)
    assert [incident_id for _, incident_id in pager.kinds] == expected
    assert len(await here.recorded()) == 21, "one failure, which is the outage, and what was sent"


@pytest.mark.parametrize("fault", [ChannelDown("HTTP 503"), NoticeNotTaken("HTTP 500")], ids=lambda one: one.detail)
async def test_the_next_channel_tells_within_a_minute_of_the_first_failure(fault: ChannelDown) -> None:
    pager, chat = FakeChannel(fault=fault), FakeChannel()
    here = await sending({"pager": pager, "chat": chat})
    await told(here)
    await here.play(29)
    assert not chat.taken
    await here.play(31)
    ((_, _, address),) = chat.taken
    assert address == "@chat"
    failed, sent = await here.recorded()
    assert isinstance(failed, NoticeFailed)
    assert (failed.channel, failed.why, failed.final) == ("pager", fault.detail, False)
    assert isinstance(sent, NoticeSent)
    assert sent.channel == "chat"


async def test_what_comes_while_a_channel_is_known_to_fail_goes_by_the_next_one_at_once() -> None:
    pager, chat = FakeChannel(fault=DOWN), FakeChannel()
    here = await sending({"pager": pager, "chat": chat})
    await told(here)
    await here.play(35)
    await told(here, rule="other", subject="part-2")
    await here.step("chat")
    assert len(chat.taken) == 2


async def test_a_channel_that_failed_is_tried_again_after_a_minute_and_used_when_it_works() -> None:
    pager, chat = FakeChannel(fault=DOWN), FakeChannel()
    here = await sending({"pager": pager, "chat": chat})
    await told(here)
    await here.play(95)
    pager.fault = None
    await told(here, rule="other", subject="part-2")
    await here.step()
    assert (len(pager.taken), len(chat.taken)) == (1, 1)


async def test_a_channel_of_everybody_tells_whom_no_own_channel_reaches() -> None:
    chat = FakeChannel()
    here = await sending({"chat": chat}, contacts=("sms",), fallback="chat")
    await told(here)
    await here.step()
    ((_, _, address),) = chat.taken
    assert address == ""


async def test_whom_no_channel_reaches_waits_is_told_of_and_is_given_up_at_the_deadline() -> None:
    here = await sending({"chat": FakeChannel()}, contacts=("sms",))
    await told(here)
    await here.step()
    await here.outbox.tidy()
    assert [one.target.channel for one in here.outbox.unreachable()] == ["sms"]
    assert not await here.recorded()
    here.world.later(4 * 3600)
    await here.outbox.tidy()
    (failed,) = await here.recorded()
    assert isinstance(failed, NoticeFailed)
    assert failed.final
    assert not here.waiting


async def test_a_refused_notice_goes_by_the_next_channel_at_once_and_is_given_up_by_the_last() -> None:
    refused = NoticeRefused("HTTP 400")
    pager, chat = FakeChannel(fault=refused), FakeChannel(fault=refused)
    here = await sending({"pager": pager, "chat": chat})
    await told(here)
    await here.step("pager", "chat")
    assert (len(pager.tries), len(chat.tries)) == (1, 1)
    assert [(body.channel, body.final) for body in await here.recorded() if isinstance(body, NoticeFailed)] == [
        ("pager", False),
        ("chat", True),
    ]


async def test_one_notice_that_a_channel_fails_at_holds_up_no_other() -> None:
    poison = "inc-1:1:1:on-call-engineer/pager:trigger"
    pager = FakeChannel(faults={poison: NoticeNotTaken("HTTP 500")})
    here = await sending({"pager": pager})
    await told(here)
    await told(here, rule="other", subject="part-2")
    await here.step()
    assert len(pager.taken) == 1
    pager.faults.clear()
    await here.play(5)
    assert len(pager.taken) == 2


async def test_a_fault_of_our_own_is_tried_again_and_ends_nothing() -> None:
    pager = FakeChannel(faults={"inc-1:1:1:on-call-engineer/pager:trigger": KeyError("@pager")})
    here = await sending({"pager": pager})
    await told(here)
    await here.step()
    (failed,) = await here.recorded()
    assert isinstance(failed, NoticeFailed)
    assert failed.why == "KeyError"
    pager.faults.clear()
    await here.play(5)
    assert len(pager.taken) == 1


async def test_critical_notices_go_first_and_have_room_left_in_each_minute() -> None:
    pager = FakeChannel()
    here = await sending({"pager": pager}, per_minute=6)
    for number in range(8):
        await told(here, severity="high", rule=f"rule-{number}", subject=f"part-{number}")
    here.world.later(11)
    await here.world.pager.tick()
    await here.step()
    assert len(pager.taken) == 5
    await told(here, rule="grave", subject="vault")
    await here.step()
    assert [notice.severity for notice, _, _ in pager.taken] == [2] * 5 + [1]
    await here.play(61)
    assert len(pager.taken) == 9


async def test_what_is_over_before_it_is_sent_is_not_sent() -> None:
    pager = FakeChannel(fault=DOWN)
    here = await sending({"pager": pager})
    await told(here)
    await here.step()
    await here.world.say(clear())
    await here.world.pager.tick()
    pager.fault = None
    await here.play(10, paging=True)
    assert not pager.taken


async def test_what_follows_goes_by_the_channel_that_took_the_alert() -> None:
    pager, chat = FakeChannel(fault=DOWN), FakeChannel()
    here = await sending({"pager": pager, "chat": chat})
    await told(here)
    await here.play(35)
    pager.fault = None
    await here.world.say(IncidentAcknowledged(incident_id="inc-1"), by="ana")
    await here.play(2, paging=True)
    assert chat.kinds == [("trigger", "inc-1"), ("acknowledge", "inc-1")]
    assert not pager.taken


async def test_what_no_channel_took_is_given_up_at_its_deadline() -> None:
    pager = FakeChannel(fault=DOWN)
    here = await sending({"pager": pager})
    await told(here)
    await here.step()
    here.world.later(4 * 3600)
    await here.step()
    bodies = [body for body in await here.recorded() if isinstance(body, NoticeFailed)]
    assert [body.final for body in bodies] == [False, True]
    assert not here.waiting


async def test_a_receiver_is_left_alone_for_as_long_as_it_asks() -> None:
    pager = FakeChannel(fault=ChannelDown("HTTP 429", retry_after_seconds=20))
    here = await sending({"pager": pager})
    await told(here)
    await here.play(19)
    assert len(pager.tries) == 1
    await here.play(2)
    assert len(pager.tries) == 2


async def test_a_channel_that_hangs_holds_up_no_other() -> None:
    pager, chat = FakeChannel(hangs=True), FakeChannel()
    here = await sending({"pager": pager, "chat": chat}, contacts=("pager",), fallback="chat")
    await told(here)
    await told(here, rule="other", subject="part-2")
    here.outbox.setbacks.refused("pager", here.waiting[1].notice.id)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(here.outbox.run(), name="outbox")
        await chat.called.wait()
        running.cancel()
