"""People's acts over HTTP: who may, what is refused and why, and what the journal says then."""

import asyncio

import pytest

from config.settings import Role
from daemon.incidents.desk import IncidentRefused
from remediation.journal.incident_kinds import IncidentAcknowledged
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.remediation.incidents.telling import breach, clear
from tests.unit.remediation.worlds import NOW_MS

HOUR_MS = 3_600_000
SILENCE = {"matchers": ["severity=critical"], "ends_at_ms": NOW_MS + HOUR_MS, "comment": "known"}
WORK = {"kind": "emergency", "what": "a switch", "starts_at_ms": NOW_MS + HOUR_MS, "ends_at_ms": NOW_MS + 2 * HOUR_MS}
WHY = {"reason": "looked at"}


@pytest.fixture
async def here() -> World:
    made = await world()
    await made.say(breach(), breach("payment-latency", "high", region="eu-west-1", environment="blue"))
    return made


async def test_an_operator_takes_an_incident_on_gives_it_back_and_closes_it(here: World) -> None:
    taken = (await here.ask("operator", "POST", "incidents/inc-1/ack", {"note": "on it"})).json()
    assert (taken["incident"]["state"], taken["incident"]["acknowledged_by"]) == ("acknowledged", "operator-ann")
    back = (await here.ask("operator", "POST", "incidents/inc-1/unack", {})).json()
    assert back["incident"]["state"] == "open"
    closed = (await here.ask("operator", "POST", "incidents/inc-1/resolve", WHY)).json()
    assert (closed["incident"]["state"], closed["times"]["resolve_ms"]) == ("resolved", 0)
    assert (await here.kinds())[2:] == ["incident.acknowledged", "incident.unacknowledged", "incident.resolved"]
    assert [entry.fields.get("note") for entry in (await here.entries())[2:]] == ["on it", "", "looked at"]


async def test_of_two_who_take_it_on_in_one_moment_the_second_hears_who_was_first(here: World) -> None:
    roles: tuple[Role, ...] = ("operator", "approver")
    both = await asyncio.gather(*(here.ask(role, "POST", "incidents/inc-1/ack", {}) for role in roles))
    assert [one.status_code for one in both] == [200, 409]
    first = here.state.incidents["inc-1"].acknowledged_by
    assert f"inc-1 was taken on by {first}" in both[1].json()["detail"]
    assert (await here.kinds()).count("incident.acknowledged") == 1


async def test_who_takes_on_what_ends_in_that_moment_is_not_told_that_it_is_theirs(here: World) -> None:
    _, taken = await asyncio.gather(here.say(clear()), here.parts.desk.acknowledge("inc-1", "ann"))
    assert isinstance(taken, IncidentRefused)
    assert taken.detail == "inc-1 is over, resolved by daemon"


async def test_two_incidents_are_made_one_and_shown_as_one(here: World) -> None:
    body = {"into": "inc-1", "reason": "one cable"}
    merged = (await here.ask("operator", "POST", "incidents/inc-2/merge", body)).json()
    assert merged["incident"]["id"] == "inc-1"
    shown = (await here.ask("viewer", "GET", "incidents/inc-1")).json()
    assert [one["id"] for one in shown["members"]] == ["inc-2"]
    again = await here.ask("operator", "POST", "incidents/inc-2/merge", body)
    assert (again.status_code, "one incident already" in again.json()["detail"]) == (409, True)


@pytest.mark.parametrize("act", ["ack", "unack", "resolve", "merge"])
async def test_a_viewer_changes_no_incident(here: World, act: str) -> None:
    assert (await here.ask("viewer", "POST", f"incidents/inc-1/{act}", WHY)).status_code == 403
    assert len(await here.kinds()) == 2


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("inc-9/ack", {}, 404),
        ("inc-1/unack", {}, 409),
        ("inc-1/resolve", {}, 422),
        ("inc-1/resolve", {"reason": " "}, 422),
        ("inc-1/ack", {"note": "x" * 501}, 422),
        ("inc-1/merge", {"into": "inc-1", "reason": "x"}, 409),
        ("inc-1/merge", {"into": "inc-9", "reason": "x"}, 404),
    ],
)
async def test_what_cannot_be_done_is_refused_and_changes_nothing(
    here: World, path: str, body: object, status: int
) -> None:
    assert (await here.ask("operator", "POST", f"incidents/{path}", body)).status_code == status
    assert len(await here.kinds()) == 2


async def test_one_that_another_has_taken_on_is_not_taken_from_them_and_one_that_is_over_not_at_all(
    here: World,
) -> None:
    await here.say(IncidentAcknowledged(incident_id="inc-1"), by="bob")
    taken = await here.ask("operator", "POST", "incidents/inc-1/ack", {})
    assert (taken.status_code, "taken on by bob" in taken.json()["detail"]) == (409, True)
    await here.say(clear())
    assert (await here.ask("operator", "POST", "incidents/inc-1/ack", {})).status_code == 409


async def test_without_the_lease_nobody_changes_anything(here: World) -> None:
    here.scene.clock.at_ms += HOUR_MS
    assert (await here.ask("operator", "POST", "incidents/inc-1/ack", {})).status_code == 503
    later = {**SILENCE, "ends_at_ms": NOW_MS + 2 * HOUR_MS}
    assert (await here.ask("operator", "POST", "silences", later)).status_code == 503


async def test_a_silence_is_added_listed_and_expired(here: World) -> None:
    added = await here.ask("operator", "POST", "silences", SILENCE)
    assert (added.status_code, added.json()["id"], added.json()["status"]) == (201, "sil-3", "in_force")
    listed = (await here.ask("viewer", "GET", "silences")).json()["silences"]
    assert [(one["by"], one["comment"]) for one in listed] == [("operator-ann", "known")]
    assert (await here.ask("operator", "POST", "silences/sil-3/expire", WHY)).json()["status"] == "over"
    assert (await here.ask("operator", "POST", "silences/sil-3/expire", WHY)).status_code == 409
    assert (await here.ask("operator", "POST", "silences/sil-9/expire", WHY)).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matchers": []}, "hold for everything"),
        ({"matchers": ["rule=~.*"]}, "hold for everything"),
        ({"matchers": ["rule!=x"]}, "hold for everything"),
        ({"matchers": ["rule=~(a+)+"]}, "repeats a group"),
        ({"matchers": ["rule=~["]}, "no regular expression"),
        ({"matchers": ["severity"]}, "no condition"),
        ({"ends_at_ms": NOW_MS}, "ends before it starts"),
        ({"ends_at_ms": NOW_MS + 8 * 24 * HOUR_MS}, "longer than 168 h"),
        ({"comment": ""}, "Say why"),
    ],
)
async def test_a_silence_of_everything_or_for_ever_is_refused(
    here: World, change: dict[str, object], said: str
) -> None:
    refused = await here.ask("operator", "POST", "silences", {**SILENCE, **change})
    assert (refused.status_code, said in refused.json()["detail"]) == (422, True), refused.text
    assert len(await here.kinds()) == 2


async def test_emergency_work_is_announced_15_minutes_ahead_and_planned_work_48_hours(here: World) -> None:
    for kind, notice_ms in (("emergency", HOUR_MS // 4), ("planned", 48 * HOUR_MS)):
        for early_ms, status in ((-1, 422), (0, 201)):
            starts = NOW_MS + notice_ms + early_ms
            body = {**WORK, "kind": kind, "starts_at_ms": starts, "ends_at_ms": starts + HOUR_MS}
            assert (await here.ask("operator", "POST", "maintenances", body)).status_code == status
    listed = (await here.ask("viewer", "GET", "maintenances")).json()["maintenances"]
    assert [(one["kind"], one["status"]) for one in listed] == [("planned", "coming"), ("emergency", "coming")]
    ended = await here.ask("operator", "POST", f"maintenances/{listed[0]['id']}/end", WHY)
    assert ended.json()["status"] == "over"


@pytest.mark.parametrize("role", ["viewer"])
async def test_a_viewer_sees_who_is_on_duty_and_who_is_told_and_changes_neither(here: World, role: Role) -> None:
    await here.pager.tick()
    seen = (await here.ask(role, "GET", "escalation")).json()
    assert [(one["schedule"], one["person"]) for one in seen["on_duty"]] == [("on-call", "on-call-engineer")]
    assert [one["incident_id"] for one in seen["chains"]] == ["inc-1", "inc-2"]
    assert (await here.ask(role, "POST", "silences", SILENCE)).status_code == 403
    assert (await here.ask(role, "POST", "maintenances", WORK)).status_code == 403


async def test_no_answer_and_no_entry_holds_an_address(here: World) -> None:
    await here.pager.tick()
    told = (await here.ask("viewer", "GET", "incidents/inc-1")).text
    assert "on-call-engineer" in told
    everything = told + "".join(bytes(entry.body).decode() for entry in await here.entries())
    for person in here.escalation.people.values():
        assert all(contact.address not in everything for contact in person.contacts)


async def test_a_group_is_counted_once_and_what_waits_for_a_channel_and_what_is_kept_quiet_is_counted(
    here: World,
) -> None:
    await here.say(breach("payments-absent"))
    await here.ask("operator", "POST", "silences", {**SILENCE, "matchers": ["severity=high"]})
    await here.pager.tick()
    page = (await here.ask("viewer", "GET", "/metrics")).text
    for line in (
        'till_incidents_open{severity="1"} 1',
        'till_incidents_open{severity="2"} 1',
        'till_notices_waiting{severity="1"} 1',
        'till_notices_waiting{severity="2"} 0',
        "till_incidents_held 1",
        "till_silences_in_force 1",
    ):
        assert line in page.replace(".0\n", "\n"), line


async def test_a_note_is_kept_of_an_incident_also_when_it_is_over_and_changes_nothing_else(here: World) -> None:
    await here.ask("operator", "POST", "incidents/inc-1/resolve", WHY)
    before = here.state.incidents["inc-1"]
    noted = await here.ask("operator", "POST", "incidents/inc-1/note", {"note": "it was the cable"})
    assert noted.status_code == 200
    assert here.state.incidents["inc-1"] == before
    last = (await here.entries())[-1]
    assert (last.kind, last.actor, last.fields["note"]) == ("incident.noted", "operator-ann", "it was the cable")
    assert (await here.ask("operator", "POST", "incidents/inc-1/note", {"note": "  "})).status_code == 422
    assert (await here.ask("viewer", "POST", "incidents/inc-1/note", {"note": "x"})).status_code == 403
    assert (await here.ask("operator", "POST", "incidents/inc-9/note", {"note": "x"})).status_code == 404
