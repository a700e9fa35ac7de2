"""Changes are told to a service after everything that calls somebody, each once, within limits, and not too late."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.channels.change_words import KINDS, Change, change_of
from daemon.channels.changes import KEPT_MS, PER_MINUTE, WAITING_MAX, ChangeFeed
from daemon.channels.kinds.pagerduty_changes import PagerDutyChanges, change_event_of
from daemon.channels.opened import Channels
from daemon.channels.ports import ChannelDown, NotDelivered, NoticeRefused, Receipt
from payment_core.webhooks.ports import Sent
from remediation.deployment.run import RunOutcome
from remediation.flags.model import FlagChange
from remediation.journal.aftermath_kinds import RollbackEnded
from remediation.journal.escalation_kinds import ChangeTold
from remediation.journal.flag_kinds import FlagChanged
from remediation.journal.kinds import BODY_TYPE_BY_KIND, DeploymentEnded, body_of
from remediation.journal.scaling_kinds import ScalingPinned
from remediation.scaling.model import Pin
from tests.unit.daemon.channels.channel_world import FakeChannel, Sending, sending
from tests.unit.remediation.incidents.telling import breach
from tests.unit.remediation.worlds import NOW_MS


@dataclass
class FakeTeller:
    """fault: raised for each change while it is set."""

    fault: NotDelivered | None = None
    tries: int = 0
    told: list[Change] = field(default_factory=list)

    async def tell(self, change: Change) -> Receipt:
        """See ChangeTeller."""
        self.tries += 1
        if self.fault is not None:
            raise self.fault
        self.told.append(change)
        return Receipt("HTTP 202")


async def feeding(
    channel: FakeChannel | None = None, *, per_minute: int = 600
) -> tuple[Sending, ChangeFeed, FakeTeller]:
    here = await sending({"pagerduty": FakeChannel() if channel is None else channel}, per_minute=per_minute)
    teller = FakeTeller()
    scene = here.world.scene
    return here, ChangeFeed(scene.writer, scene.clock, here.outbox, {"pagerduty": teller}, lambda: 1.0), teller


async def flip(here: Sending, flag: str = "ach-rail", actor: str = "ann") -> None:
    body = FlagChanged(flag=flag, what=FlagChange.KILL, reason="the bank is away", key=f"{flag}-1")
    await here.world.scene.writer.append(body, actor)


async def told(here: Sending) -> list[ChangeTold]:
    bodies = [body_of(entry) for entry in await here.world.entries()]
    return [body for body in bodies if isinstance(body, ChangeTold)]


async def test_a_change_is_told_with_who_and_why_and_written_down() -> None:
    here, feed, teller = await feeding()
    await flip(here)
    await feed.step("pagerduty")
    (change,) = teller.told
    assert change.summary == "flag ach-rail: kill, the bank is away by ann"
    (entry,) = await told(here)
    assert (entry.channel, entry.entry, entry.detail, entry.refused) == ("pagerduty", change.sequence, "HTTP 202", "")


async def test_deployments_rollbacks_and_capacity_are_changes_and_nothing_else_is() -> None:
    here, feed, teller = await feeding()
    writer = here.world.scene.writer
    await writer.append(DeploymentEnded(deployment_id="dep-7", outcome=RunOutcome.SUCCEEDED))
    await writer.append(RollbackEnded(rollback_id="rb-1", complete=False, detail="the flags stay"))
    await writer.append(
        ScalingPinned(target="scale:us-east-1/core", pin=Pin(units=9, until_ms=1, by="ann", why="x")), "ann"
    )
    await here.world.say(breach())
    await feed.step("pagerduty")
    assert [change.summary for change in teller.told] == [
        "deployment dep-7 ended: succeeded",
        "rollback rb-1 ended: partial",
        "capacity of scale:us-east-1/core: set to 9 units by ann",
    ]
    assert set(BODY_TYPE_BY_KIND) >= KINDS


async def test_no_change_is_told_while_somebody_is_to_be_called() -> None:
    pager = FakeChannel()
    here, feed, teller = await feeding(pager)
    await flip(here)
    await here.world.say(breach())
    await here.world.pager.tick()
    assert await feed.step("pagerduty") > 0
    assert teller.tries == 0
    await here.step()
    await feed.step("pagerduty")
    assert (len(pager.taken), len(teller.told)) == (1, 1)


async def test_changes_leave_alerts_their_room_in_every_minute() -> None:
    here, feed, teller = await feeding(per_minute=120)
    for number in range(50):
        await flip(here, f"flag-{number}")
    await feed.step("pagerduty")
    assert teller.tries == PER_MINUTE - max(1, PER_MINUTE // 6)
    here.world.later(61)
    await feed.step("pagerduty")
    assert len(teller.told) <= 2 * PER_MINUTE


async def test_a_service_that_is_away_is_asked_again_and_told_in_order() -> None:
    here, feed, teller = await feeding()
    teller.fault = ChannelDown("HTTP 503")
    for number in range(3):
        await flip(here, f"flag-{number}")
    for _ in range(10):
        here.world.later(await feed.step("pagerduty"))
    assert not await told(here)
    assert teller.tries < 10
    teller.fault = None
    here.world.later(5)
    await feed.step("pagerduty")
    assert [change.details["flag"] for change in teller.told] == ["flag-0", "flag-1", "flag-2"]


async def test_what_is_refused_or_too_old_is_given_up_and_written_down() -> None:
    here, feed, teller = await feeding()
    teller.fault = NoticeRefused("HTTP 400")
    await flip(here)
    await feed.step("pagerduty")
    teller.fault = ChannelDown("HTTP 503")
    await flip(here, "other")
    await feed.step("pagerduty")
    here.world.later(KEPT_MS / 1000 + 5)
    await feed.step("pagerduty")
    assert [one.refused for one in await told(here)] == ["HTTP 400", "too old to explain anything"]


async def test_a_process_that_starts_goes_on_where_the_last_one_ended() -> None:
    here, feed, teller = await feeding()
    await flip(here, "first")
    await feed.step("pagerduty")
    await flip(here, "second")
    scene, after = here.world.scene, FakeTeller()
    again = ChangeFeed(scene.writer, scene.clock, here.outbox, {"pagerduty": after}, lambda: 1.0)
    await again.resume(scene.journal.read)
    await again.step("pagerduty")
    assert [change.details["flag"] for change in (*teller.told, *after.told)] == ["first", "second"]


async def test_a_service_that_is_new_is_not_told_what_is_long_over() -> None:
    here, _, _ = await feeding()
    await flip(here)
    scene, fresh = here.world.scene, FakeTeller()
    feed = ChangeFeed(scene.writer, scene.clock, here.outbox, {"pagerduty": fresh}, lambda: 1.0)
    await feed.resume(scene.journal.read)
    await feed.step("pagerduty")
    assert not fresh.told


async def test_a_flood_keeps_the_newest() -> None:
    here, feed, teller = await feeding()
    for number in range(WAITING_MAX + 5):
        await flip(here, f"flag-{number}")
    await feed.step("pagerduty")
    assert teller.told[0].details["flag"] == "flag-5"


async def test_without_the_lease_nothing_is_told() -> None:
    here, feed, teller = await feeding()
    await flip(here)
    here.world.scene.clock.at_ms = here.world.scene.writer.lease.until_ms
    await feed.step("pagerduty")
    assert teller.tries == 0


@given(text=st.text(max_size=3000))
@settings(max_examples=40, deadline=None)
def test_no_change_is_beyond_the_limits_of_pagerduty(text: str) -> None:
    change = Change(sequence=1, at_ms=NOW_MS, summary=text, by="ann", details={"reason": text, "empty": ""})
    payload = change_event_of(change)["payload"]
    assert isinstance(payload, dict)
    assert len(payload["summary"]) <= 1_024
    assert payload["source"] == "tillwatch"
    assert payload["timestamp"].endswith("Z")
    assert "empty" not in payload["custom_details"]


async def test_a_change_goes_to_its_own_address_with_the_key() -> None:
    seen: list[tuple[str, bytes]] = []

    class Sender:
        async def send(self, url: str, headers: dict[str, str], body: bytes) -> Sent:
            assert not headers
            seen.append((url, body))
            return Sent(202)

    change = Change(sequence=1, at_ms=NOW_MS, summary="flag x: kill", by="ann", details={})
    await PagerDutyChanges(Sender(), "https://events.pagerduty.com/", "R0UT1NG").tell(change)
    ((url, body),) = seen
    assert url == "https://events.pagerduty.com/v2/change/enqueue"
    assert b'"routing_key": "R0UT1NG"' in body


@pytest.mark.parametrize("kind", ["finding", "daemon.started", "notice.sent", "change.told"])
def test_what_is_told_is_no_change_itself(kind: str) -> None:
    assert kind not in KINDS
    assert kind in BODY_TYPE_BY_KIND


async def test_a_decision_to_change_nothing_is_none() -> None:
    here, _, _ = await feeding()
    await here.world.say(breach())
    assert [change_of(entry) for entry in await here.world.entries()] == [None]


async def test_a_change_wakes_the_feed_and_notices_go_on_beside_it() -> None:
    here, feed, teller = await feeding()
    told_of = asyncio.Event()
    here.world.scene.writer.heard_by(lambda entry: told_of.set() if entry.kind == "change.told" else None)
    channels = Channels(here.outbox, cast("Any", None), cast("Any", None), feed, {})
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(channels.run(), name="channels")
        await flip(here)
        await told_of.wait()
        running.cancel()
    assert len(teller.told) == 1
