"""What somebody does in PagerDuty is done here: once, signed, in its order, and never told back to PagerDuty."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.errors import Untranslatable
from daemon.incidents.outside.pagerduty import done_in
from daemon.incidents.outside.signatures import signer_of
from remediation.errors import JournalFull
from remediation.journal.incident_kinds import IncidentHeardOf
from remediation.journal.kinds import Body, body_of
from remediation.state import Incident, IncidentState
from tests.unit.daemon.channels.channel_world import FakeChannel, sending
from tests.unit.daemon.http.conftest import RememberingQuarantine
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.daemon.incidents.pagerduty_webhooks import OURS, SECRETS, come_in, signed, webhook
from tests.unit.remediation.incidents.telling import breach


async def told() -> World:
    """An incident of which somebody was told."""
    here = await world()
    await here.say(breach())
    await here.pager.tick()
    return here


def the_one(here: World) -> Incident:
    (incident,) = here.state.incidents.values()
    return incident


async def heard(here: World) -> list[IncidentHeardOf]:
    bodies = [body_of(entry) for entry in await here.entries()]
    return [body for body in bodies if isinstance(body, IncidentHeardOf)]


async def test_who_takes_it_on_there_has_taken_it_on_here() -> None:
    here = await told()
    answer = await come_in(here, webhook("acknowledged"))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "done"})
    incident = the_one(here)
    assert (incident.state, incident.acknowledged_by) == (IncidentState.ACKNOWLEDGED, "Ann Engineer (pagerduty)")
    (entry,) = await heard(here)
    assert (entry.what, entry.refused) == ("was acknowledged by Ann Engineer", "")
    assert here.parts.outside.counts == {("pagerduty", "done"): 1}


async def test_giving_back_and_resolving_come_back_too() -> None:
    here = await told()
    for number, what in enumerate(("acknowledged", "unacknowledged", "acknowledged")):
        await come_in(here, webhook(what, event_id=f"E{number}", at=f"2026-09-21T14:13:2{number}Z"))
    assert the_one(here).state is IncidentState.ACKNOWLEDGED
    await come_in(here, webhook("unacknowledged", event_id="E3", at="2026-09-21T14:13:23Z", agent={"type": "service"}))
    assert the_one(here).state is IncidentState.OPEN, "PagerDuty's own timer says that nobody is on it"
    await come_in(here, webhook("resolved", event_id="E4", at="2026-09-21T14:13:24Z"))
    assert (the_one(here).state, the_one(here).resolved_by) == (IncidentState.RESOLVED, "Ann Engineer (pagerduty)")


@pytest.mark.parametrize(
    ("what", "data", "words"),
    [
        (
            "reassigned",
            {"assignees": [{"summary": "Bob\n4111 1111 1111 1111"}]},
            "was reassigned to Bob ",
        ),
        ("priority_updated", {"priority": {"summary": "P1"}}, "has the priority P1"),
        ("priority_updated", {}, "has the priority none"),
        ("escalated", {"assignees": [{"summary": "Bob"}, {"summary": "Eve"}]}, "was escalated to Bob, Eve"),
    ],
)
async def test_what_changes_nothing_here_stands_in_the_journal(what: str, data: dict[str, object], words: str) -> None:
    here = await told()
    before = the_one(here)
    assert (await come_in(here, webhook(what, data=data))).json() == {"outcome": "noted"}
    (entry,) = await heard(here)
    assert entry.what.startswith(words)
    assert "4111 1111 1111 1111" not in entry.what
    assert the_one(here).state is before.state


async def test_one_that_comes_again_is_not_done_again_not_even_by_another_process() -> None:
    here = await told()
    taken, back = webhook("acknowledged", event_id="A"), webhook("unacknowledged", event_id="B", at="2026-09-21T15:00Z")
    await come_in(here, taken)
    await come_in(here, back)
    assert (await come_in(here, taken)).json() == {"outcome": "repeated"}
    assert the_one(here).state is IncidentState.OPEN
    assert len(await heard(here)) == 2


async def test_webhooks_that_come_in_one_moment_are_done_one_after_the_other_and_each_once() -> None:
    here = await told()
    taken = webhook("acknowledged", event_id="A", at="2026-09-21T15:00:00Z")
    back = webhook("unacknowledged", event_id="B", at="2026-09-21T15:00:01Z")
    answers = await asyncio.gather(*(come_in(here, one) for one in (taken, taken, back)))
    assert [one.json()["outcome"] for one in answers] == ["done", "repeated", "done"]
    assert the_one(here).state is IncidentState.OPEN
    assert [(entry.event_id, entry.refused) for entry in await heard(here)] == [("A", ""), ("B", "")]


async def test_one_that_was_overtaken_changes_nothing() -> None:
    here = await told()
    await come_in(here, webhook("acknowledged", event_id="A", at="2026-09-21T15:00:00Z"))
    answer = await come_in(here, webhook("unacknowledged", event_id="B", at="2026-09-21T14:59:59Z"))
    assert answer.json() == {"outcome": "stale"}
    assert the_one(here).state is IncidentState.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        (webhook("acknowledged", agent=OURS), "our_own"),
        (webhook("acknowledged", key="made-by-hand"), "unknown_incident"),
        (webhook("acknowledged", key="inc-1:7"), "unknown_incident"),
        (webhook("acknowledged", key=""), "not_ours"),
        (webhook("status_update_published"), "unknown_event"),
        ({"event": {"id": "P", "event_type": "pagey.ping", "occurred_at": "2026-09-21T15:00:00Z"}}, "unknown_event"),
    ],
    ids=["our-own", "key", "generation", "no-key", "unknown", "ping"],
)
async def test_what_means_nothing_here_is_taken_counted_and_not_written_down(document: object, outcome: str) -> None:
    here = await told()
    answer = await come_in(here, document)
    assert (answer.status_code, answer.json()) == (200, {"outcome": outcome})
    assert here.parts.outside.counts["pagerduty", outcome] == 1
    assert not await heard(here)
    assert the_one(here).state is IncidentState.OPEN


async def test_what_is_refused_here_is_written_down_with_why() -> None:
    here = await told()
    await here.parts.desk.acknowledge("inc-1", "olga")
    assert (await come_in(here, webhook("acknowledged"))).json() == {"outcome": "refused"}
    (entry,) = await heard(here)
    assert "was taken on by olga" in entry.refused


async def test_what_is_no_webhook_is_put_aside_and_taken() -> None:
    here, aside = await told(), RememberingQuarantine()
    for body in (b"{}", b"[" * 3000, json.dumps(webhook("resolved", at="yesterday")).encode()):
        answer = await come_in(here, body, quarantine=aside)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "unusable"})
    assert len(aside.reasons) == 3


@pytest.mark.parametrize("header", ["", "v1=", "v1=00", "v2=x", "nonsense", signed(b"else", "first-secret")], ids=str)
async def test_what_is_not_signed_changes_nothing(header: str) -> None:
    here, aside = await told(), RememberingQuarantine()
    answer = await come_in(here, webhook("acknowledged"), header, aside)
    assert answer.status_code == 401
    assert "first-secret" not in answer.text
    assert the_one(here).state is IncidentState.OPEN
    assert not aside.reasons, "anybody can send it"
    assert here.parts.outside.counts == {("", "unsigned"): 1}


async def test_while_a_secret_is_changed_one_signature_of_several_is_enough() -> None:
    here = await told()
    document = webhook("acknowledged")
    header = signed(json.dumps(document).encode(), "old-secret", "second-secret")
    assert (await come_in(here, document, header)).json() == {"outcome": "done"}
    assert the_one(here).acknowledged_by == "Ann Engineer (other-team)"


@given(body=st.binary(max_size=200), flip=st.integers(0, 199))
@settings(max_examples=50, deadline=None)
def test_a_signature_is_of_its_very_bytes(body: bytes, flip: int) -> None:
    header = signed(body, "first-secret")
    assert signer_of(body, header, SECRETS) == "pagerduty"
    other = body + b"x" if flip >= len(body) else body[:flip] + bytes([body[flip] ^ 1]) + body[flip + 1 :]
    assert signer_of(other, header, SECRETS) == ""


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_whatever_comes_is_understood_or_said_to_be_unusable(body: bytes) -> None:
    with pytest.raises(Untranslatable):
        done_in(body)


async def test_a_journal_that_takes_nothing_has_it_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here = await told()

    async def full(_: Body, __: str = "") -> None:
        raise JournalFull

    with monkeypatch.context() as patch:
        patch.setattr(here.scene.writer, "append", full)
        assert (await come_in(here, webhook("acknowledged"))).status_code == 503
    assert (await come_in(here, webhook("acknowledged"))).json() == {"outcome": "done"}


async def test_without_the_lease_it_is_to_be_sent_again() -> None:
    here = await told()
    here.scene.clock.at_ms = here.scene.writer.lease.until_ms
    assert (await come_in(here, webhook("acknowledged"))).status_code == 503
    assert not await heard(here)


@pytest.mark.parametrize("what", ["acknowledged", "resolved"])
async def test_what_came_from_a_channel_is_not_told_there_and_is_told_everywhere_else(what: str) -> None:
    pager, chat = FakeChannel(), FakeChannel()
    here = await sending({"pagerduty": pager, "chat": chat}, contacts=("pagerduty",))
    await here.world.say(breach())
    await here.world.pager.tick()
    await here.step()
    assert pager.kinds == [("trigger", "inc-1")]
    await come_in(here.world, webhook(what))
    await here.world.pager.tick()
    await here.step()
    assert pager.kinds == [("trigger", "inc-1")]
    assert not here.waiting
    _, last = await here.recorded()
    assert last.channel == "pagerduty"


async def test_what_a_person_did_here_is_told_there() -> None:
    pager = FakeChannel()
    here = await sending({"pagerduty": pager})
    await here.world.say(breach())
    await here.world.pager.tick()
    await here.step()
    await here.world.parts.desk.acknowledge("inc-1", "olga")
    await here.world.pager.tick()
    await here.step()
    assert pager.kinds == [("trigger", "inc-1"), ("acknowledge", "inc-1")]
