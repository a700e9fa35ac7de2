"""What PagerDuty is told keeps its rules, whatever was observed; what it answers is understood."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.channels.kinds.pagerduty import EVENT_BYTES_MAX, SUMMARY_LENGTH_MAX, PagerDuty, event_of
from daemon.channels.ports import ChannelDown, NotDelivered, NoticeNotTaken, NoticeRefused
from payment_core.webhooks.ports import Sent
from remediation.escalation.notices import Notice, NoticeKind, Target
from tests.unit.daemon.channels.channel_world import sending
from tests.unit.daemon.channels.fake_pagerduty import FakePagerDuty
from tests.unit.remediation.incidents.telling import breach, clear
from tests.unit.remediation.worlds import NOW_MS

KEY = "R0UT1NGKEY"


def notice(
    kind: NoticeKind = "trigger", *, title: str = "critical: rule", body: str = "seen", severity: int = 1
) -> Notice:
    return Notice(
        incident_id="inc-25",
        generation=1,
        kind=kind,
        severity=severity,
        title=title,
        body=body,
        step=1,
        target=Target(person="ana", channel="pagerduty"),
    )


@given(title=st.text(min_size=1, max_size=3000), lines=st.integers(0, 60_000), letter=st.characters())
@settings(max_examples=30, deadline=None)
async def test_no_event_is_beyond_the_limits(title: str, lines: int, letter: str) -> None:
    receiver = FakePagerDuty(lambda: NOW_MS)
    channel = PagerDuty(receiver, "https://events.pagerduty.com", KEY)
    await channel.send(notice(title=title, body=letter * lines), "key", "", NOW_MS)
    assert not receiver.broken
    assert receiver.alerts == {"inc-25:1": "trigger"}


def test_what_is_cut_says_so_and_what_is_not_is_whole() -> None:
    long = event_of(notice(title="a" * 2000, body="ü" * EVENT_BYTES_MAX), "key", NOW_MS)
    payload = long["payload"]
    assert isinstance(payload, dict)
    assert len(payload["summary"]) == SUMMARY_LENGTH_MAX
    assert payload["summary"].endswith(" [cut]")
    assert payload["custom_details"]["text"].endswith("ü [cut]")
    assert 490_000 < len(json.dumps(long)) <= EVENT_BYTES_MAX
    short = event_of(notice(title="a" * SUMMARY_LENGTH_MAX, body="seen"), "key", NOW_MS)
    assert "[cut]" not in json.dumps(short)


@pytest.mark.parametrize(("severity", "theirs"), [(1, "critical"), (2, "error"), (3, "warning"), (9, "warning")])
def test_severities_are_those_of_pagerduty(severity: int, theirs: str) -> None:
    payload = event_of(notice(severity=severity), "key", NOW_MS)["payload"]
    assert isinstance(payload, dict)
    assert payload["severity"] == theirs


@pytest.mark.parametrize("kind", ["acknowledge", "resolve"])
def test_what_follows_is_no_more_than_its_key(kind: NoticeKind) -> None:
    assert event_of(notice(kind), "key", NOW_MS) == {"event_action": kind, "dedup_key": "inc-25:1"}


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (Sent(0, "ConnectError"), ChannelDown),
        (Sent(302), ChannelDown),
        (Sent(400), NoticeRefused),
        (Sent(403), ChannelDown),
        (Sent(413), NoticeRefused),
        (Sent(429, retry_after_seconds=7), ChannelDown),
        (Sent(500), NoticeNotTaken),
        (Sent(503), ChannelDown),
    ],
    ids=lambda one: str(one.status_code) if isinstance(one, Sent) else one.__name__,
)
async def test_an_answer_is_later_or_never_and_holds_no_key(sent: Sent, fault: type[NotDelivered]) -> None:
    class Answers:
        async def send(self, *_: object) -> Sent:
            return sent

    with pytest.raises(fault) as raised:
        await PagerDuty(Answers(), "https://events.pagerduty.com", KEY).send(notice(), "key", "", NOW_MS)
    assert type(raised.value) is fault
    assert raised.value.retry_after_seconds == sent.retry_after_seconds
    assert raised.value.retryable == (fault is not NoticeRefused)
    assert KEY not in str(raised.value)


async def test_one_alert_is_opened_and_resolved_under_one_key() -> None:
    receiver = FakePagerDuty(lambda: NOW_MS)
    here = await sending({"pagerduty": PagerDuty(receiver, "https://events.pagerduty.com/", KEY)})
    await here.world.say(breach())
    await here.world.pager.tick()
    await here.step()
    assert receiver.alerts == {"inc-1:1": "trigger"}
    await here.world.say(clear())
    await here.world.pager.tick()
    await here.step()
    assert receiver.alerts == {"inc-1:1": "resolve"}


async def test_a_storm_stays_within_the_limit_loses_nothing_and_tells_critical_ones_within_seconds() -> None:
    here = await sending({}, contacts=("pagerduty",))
    clock = here.world.scene.clock
    receiver = FakePagerDuty(clock.now_ms)
    channel = PagerDuty(receiver, "https://events.pagerduty.com", KEY)
    here = await sending({"pagerduty": channel}, per_minute=120, here=here.world)
    opened: dict[str, int] = {}
    for number in range(130):
        severity = "critical" if number % 10 == 9 else "high"
        await here.world.say(breach(f"rule-{number}", severity, subject=f"part-{number}"))
        newest = list(here.world.state.incidents.values())[-1]
        opened[newest.id] = clock.at_ms
        await here.play(0.05, paging=True)
    await here.play(120, paging=True)
    assert receiver.limited == 0
    assert not receiver.broken
    keys = receiver.told()
    assert sorted(keys) == sorted(f"{incident_id}:1" for incident_id in opened)
    waits = [
        at_ms - opened[event["payload"]["custom_details"]["incident"]]
        for at_ms, event in receiver.taken
        if event["payload"]["severity"] == "critical"
    ]
    assert len(waits) == 13
    assert max(waits) <= 1_000
