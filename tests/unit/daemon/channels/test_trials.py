"""Trying a channel shows or sends what it would send, is in the journal, and opens no incident."""

import json
from typing import Any, cast

import httpx
import pytest

from config.escalation.channel_settings import ChannelSettings
from daemon.channels.kinds.pagerduty import PagerDuty
from daemon.channels.kinds.sms import Sms
from daemon.channels.opened import Channels
from daemon.channels.outbox import Lane, Outbox
from daemon.channels.pace import Pace
from daemon.channels.ports import Channel, ChannelDown, NoticeRefused
from daemon.channels.trial import Trial, TrialDesk, TrialRefusal, TrialRefused
from daemon.clock import SystemClock
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from remediation.journal.escalation_kinds import TrialBegun, TrialEnded
from remediation.journal.kinds import body_of
from tests.unit.daemon.channels.channel_world import FakeChannel, reached_by
from tests.unit.daemon.channels.fake_pagerduty import FakePagerDuty
from tests.unit.daemon.http.fake_view import token_of, tokens
from tests.unit.daemon.incidents.incident_world import World, world

VIA = {
    "pagerduty": {"kind": "pagerduty", "routing_key": "R0UT1NG"},
    "sms": {"kind": "sms"},
    "chat": {"kind": "webhook", "url": "https://pages.example.com", "secret": "whsec_"},
}


async def trying(
    channels: dict[str, Channel], contacts: tuple[str, ...], *, fallback: str | None = None, per_minute: int = 600
) -> tuple[World, TrialDesk]:
    """Everybody of the packaged matrix has these contacts."""
    escalation = reached_by(*contacts, addresses={"sms": "+15550100123"})
    here = await world(escalation)
    via = {name: VIA[name] for name in channels}
    given = ChannelSettings.model_validate({"via": via, "fallback": fallback})
    lanes = {name: Lane(channel, Pace(per_minute)) for name, channel in channels.items()}
    writer, clock = here.scene.writer, here.scene.clock
    outbox = Outbox(writer, clock, given, lanes, lambda: escalation, lambda: 1.0)
    return here, TrialDesk(writer, clock, given, lanes, outbox, lambda: escalation)


async def trials(here: World) -> list[TrialBegun | TrialEnded]:
    bodies = [body_of(entry) for entry in await here.entries()]
    return [body for body in bodies if isinstance(body, TrialBegun | TrialEnded)]


def listed(found: list[Trial] | TrialRefused) -> list[Trial]:
    assert isinstance(found, list), found
    return found


async def test_what_would_be_sent_is_shown_and_nothing_is_sent_or_written() -> None:
    theirs = FakePagerDuty(lambda: 0)
    pagerduty = PagerDuty(theirs, "https://events.pagerduty.com", "R0UT1NG")
    here, desk = await trying({"pagerduty": pagerduty}, ("pagerduty",))
    (one,) = listed(desk.foreseen("vp-engineering", "", "olga"))
    assert (one.channel, one.kind, one.person, one.outcome) == (
        "pagerduty",
        "pagerduty",
        "vp-engineering",
        "would_send",
    )
    assert json.loads(one.payload)["payload"]["summary"] == f"test: nothing is wrong ({one.dedup_key[:-2]})"
    assert "R0UT1NG" not in one.payload
    assert not theirs.tries
    assert not await trials(here)


async def test_what_was_sent_is_what_was_shown_and_is_written_down_before_and_after() -> None:
    theirs = FakePagerDuty(lambda: 0)
    here, desk = await trying({"pagerduty": PagerDuty(theirs, "https://events.pagerduty.com", "K")}, ("pagerduty",))
    (shown,) = listed(desk.foreseen("vp-engineering", "", "olga"))
    (sent,) = listed(await desk.send("vp-engineering", "", "olga"))
    ((_, event),) = theirs.taken
    assert json.loads(shown.payload) == {name: value for name, value in event.items() if name != "routing_key"}
    assert (sent.outcome, sent.detail) == ("taken", "HTTP 202")
    begun, ended = await trials(here)
    assert isinstance(ended, TrialEnded)
    assert begun == TrialBegun(channel="pagerduty", person="vp-engineering")
    assert (ended.taken, f"test-{ended.trial}:1") == (True, sent.dedup_key)
    assert not here.state.incidents
    assert not here.state.escalation.chains


async def test_a_person_is_tried_by_each_of_their_channels_though_one_fails() -> None:
    pager, chat = FakeChannel(fault=ChannelDown("HTTP 503")), FakeChannel()
    here, desk = await trying({"pagerduty": pager, "chat": chat}, ("pagerduty", "chat"))
    found = listed(await desk.send("vp-engineering", "", "olga"))
    assert [(one.channel, one.outcome, one.detail) for one in found] == [
        ("pagerduty", "not_taken", "HTTP 503"),
        ("chat", "taken", "taken"),
    ]
    assert [one.taken for one in await trials(here) if isinstance(one, TrialEnded)] == [False, True]


async def test_a_trial_that_fails_is_no_outage_of_the_channel() -> None:
    pager = FakeChannel(fault=NoticeRefused("HTTP 400"))
    _, desk = await trying({"pagerduty": pager}, ("pagerduty",))
    await desk.send("", "pagerduty", "olga")
    pager.fault = None
    (again,) = listed(await desk.send("", "pagerduty", "olga"))
    assert again.outcome == "taken"


async def test_no_payload_or_journal_holds_an_address() -> None:
    class Sns:
        async def publish(self, request: dict[str, object]) -> None:
            assert request["PhoneNumber"] == "+15550100123"

    here, desk = await trying({"sms": Sms(Sns(), 1, "")}, ("sms",))
    found = [
        *listed(desk.foreseen("vp-engineering", "", "olga")),
        *listed(await desk.send("vp-engineering", "", "olga")),
    ]
    journal = b"".join(bytes(entry.body) for entry in await here.entries())
    assert all("5550100123" not in one.payload for one in found)
    assert b"5550100123" not in journal


@pytest.mark.parametrize(
    ("person", "channel", "refusal"),
    [
        ("nobody", "", TrialRefusal.UNKNOWN_PERSON),
        ("vp-engineering", "pager", TrialRefusal.UNKNOWN_CHANNEL),
        ("", "", TrialRefusal.NOBODY_NAMED),
        ("", "sms", TrialRefusal.NO_ADDRESS),
        ("vp-engineering", "chat", TrialRefusal.NO_ADDRESS),
    ],
)
async def test_who_cannot_be_tried_is_said_with_what_to_do(person: str, channel: str, refusal: TrialRefusal) -> None:
    here, desk = await trying({"sms": FakeChannel(), "chat": FakeChannel()}, ("sms",))
    for found in (desk.foreseen(person, channel, "olga"), await desk.send(person, channel, "olga")):
        assert isinstance(found, TrialRefused)
        assert found.refusal is refusal
    assert not await trials(here)


async def test_whom_only_the_fallback_reaches_is_tried_by_it() -> None:
    chat = FakeChannel()
    _, desk = await trying({"chat": chat}, ("sms",), fallback="chat")
    assert [one.channel for one in listed(await desk.send("vp-engineering", "", "olga"))] == ["chat"]


async def test_trials_leave_critical_notices_their_room() -> None:
    pager = FakeChannel()
    _, desk = await trying({"pagerduty": pager}, ("pagerduty",), per_minute=6)
    found: list[Trial] | TrialRefused = []
    for _ in range(6):
        found = await desk.send("", "pagerduty", "olga")
    assert isinstance(found, TrialRefused)
    assert found.refusal is TrialRefusal.TOO_OFTEN
    assert len(pager.tries) == 5


async def asked(channels: Channels | None, role: str, body: object) -> httpx.Response:
    here = await world()
    options = HttpOptions(
        tokens=tokens(),
        current_rules=tuple,
        version="0.1.0",
        clock=cast("SystemClock", here.scene.clock),
        channels=channels,
    )
    app = create_app(here.view, cast("FactSink", None), cast("Quarantine", None), options)
    headers = {"authorization": f"Bearer {token_of(cast('Any', role))}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://till.test", headers=headers) as client:
        return await client.post("/api/v1/escalation/test", json=body)


async def test_the_door_needs_an_operator_and_says_what_it_did() -> None:
    pager = FakeChannel()
    _, desk = await trying({"pagerduty": pager}, ("pagerduty",))
    channels = Channels(cast("Any", None), cast("Any", None), desk, cast("Any", None), {})
    wish = {"channel": "pagerduty"}
    assert (await asked(channels, "viewer", wish)).status_code == 403
    foreseen = await asked(channels, "operator", wish)
    assert (foreseen.status_code, foreseen.json()["sent"], len(pager.tries)) == (200, False, 0)
    sent = (await asked(channels, "operator", wish | {"send": True})).json()
    assert (sent["sent"], sent["trials"][0]["outcome"], len(pager.tries)) == (True, "taken", 1)
    assert (await asked(channels, "operator", {"person": "nobody"})).status_code == 404
    assert (await asked(channels, "operator", {})).status_code == 422
    assert (await asked(None, "operator", wish)).status_code == 409
