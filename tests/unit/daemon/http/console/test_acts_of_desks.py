"""Every act of the console says what its desk would do, does what its desk does, and is refused as its desk refuses."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from remediation.journal.incident_kinds import IncidentAcknowledged
from remediation.state import IncidentState
from tests.unit.daemon.deployments.test_service import scene
from tests.unit.daemon.flags.flag_house import FlagHouse, flag_house
from tests.unit.daemon.http.console.acting import WHY, Person, app_over
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.daemon.scaling.scaling_house import House, component, policy
from tests.unit.remediation.incidents.telling import breach


@pytest.fixture
async def here() -> World:
    made = await world()
    await made.say(breach(), breach("payment-latency", "high", region="eu-west-1", environment="blue"))
    return made


@pytest.fixture
async def person(here: World) -> AsyncIterator[Person]:
    app = app_over(here.scene.writer, here.scene.journal, here.scene.clock.now_ms(), incidents=here.parts)
    async with Person(app, "operator") as one:
        yield one


async def test_an_incident_is_taken_on_with_a_note_or_without_and_given_back(here: World, person: Person) -> None:
    assert "inc-1 is yours, operator-ann" in await person.look("incident.ack", incident_id="inc-1")
    assert (await person.send("incident.ack", {**person.form(), "reason": ""})).status_code == 200
    assert here.state.incidents["inc-1"].acknowledged_by == "operator-ann"
    assert "people are told from the beginning" in await person.look("incident.unack", incident_id="inc-1")
    assert (await person.send("incident.unack", {**person.form(), "reason": "asleep"})).status_code == 200
    last = (await here.entries())[-1]
    assert (last.kind, last.actor, last.fields["note"]) == ("incident.unacknowledged", "operator-ann", "asleep")


async def test_who_was_faster_is_named_and_what_was_shown_before_is_not_done(here: World, person: Person) -> None:
    await person.look("incident.ack", incident_id="inc-1")
    await here.say(IncidentAcknowledged(incident_id="inc-1"), by="bob")
    answer = await person.send("incident.ack", person.form())
    assert answer.status_code == 409
    assert "inc-1 was taken on by bob" in answer.text
    assert here.state.incidents["inc-1"].acknowledged_by == "bob"


async def test_an_incident_that_is_not_over_says_so_before_it_is_closed(here: World, person: Person) -> None:
    shown = await person.look("incident.resolve", incident_id="inc-1")
    assert "is not over (inc-1): if that lasts, it opens again" in shown
    assert (await person.send("incident.resolve", {**person.form(), "reason": WHY})).status_code == 200
    assert here.state.incidents["inc-1"].state is IncidentState.RESOLVED
    assert "inc-1 is over, resolved by operator-ann" in await person.look("incident.resolve", incident_id="inc-1")


async def test_two_incidents_are_made_one_of_those_that_are_open(here: World, person: Person) -> None:
    await person.look("incident.merge", incident_id="inc-2")
    assert '<option value="inc-1"' in person.shown
    assert '<option value="inc-2"' not in person.shown
    answer = await person.do("incident.merge", incident_id="inc-2", into="inc-1")
    assert answer.status_code == 200
    assert here.state.incidents["inc-2"].merged_into == "inc-1"


async def test_a_note_is_kept_also_of_one_that_is_over(here: World, person: Person) -> None:
    await person.do("incident.resolve", incident_id="inc-1")
    assert (await person.do("incident.note", "it was the cable", incident_id="inc-1")).status_code == 200
    last = (await here.entries())[-1]
    assert (last.kind, last.fields["note"]) == ("incident.noted", "it was the cable")


async def test_a_silence_names_what_it_keeps_and_how_it_ends(here: World, person: Person) -> None:
    shown = await person.look("silence.add", matchers="severity=critical", minutes="30")
    assert "For 30 min nobody is told of what matches severity=critical." in shown
    assert "Of 1 open incident nobody is told: inc-1" in shown
    assert "One of them is critical." in shown
    assert (await person.send("silence.add", {**person.form(), "reason": WHY})).status_code == 200
    (silence,) = here.state.escalation.silences.values()
    assert (silence.by, silence.matchers, silence.comment) == ("operator-ann", ("severity=critical",), WHY)
    assert "It is about inc-1" in await person.look("silence.expire", silence_id=silence.id)
    assert (await person.send("silence.expire", {**person.form(), "reason": WHY})).status_code == 200
    assert here.state.escalation.silences[silence.id].expired_at_ms


@pytest.mark.parametrize(
    ("act", "values", "says"),
    [
        ("silence.add", {"matchers": "severity"}, "severity"),
        ("silence.add", {"matchers": "rule=x", "minutes": "0"}, "minutes is a whole number from 1"),
        ("silence.add", {"matchers": "rule=x", "minutes": "-5"}, "minutes is a whole number from 1"),
        ("silence.add", {"matchers": "rule=x", "minutes": "40000"}, "lasts longer"),
        ("silence.expire", {"silence_id": "sil-9"}, "there is no silence"),
        ("maintenance.announce", {"in_minutes": "5"}, "announced at least 48 h before"),
        ("maintenance.announce", {"kind": "emergency", "in_minutes": "5"}, "announced at least 15 min before"),
        ("maintenance.end", {"maintenance_id": "mnt-1"}, "there is no maintenance"),
        ("incident.ack", {"incident_id": "inc-77"}, "there is no incident"),
        ("incident.unack", {"incident_id": "inc-1"}, "nobody has taken inc-1 on"),
        ("incident.merge", {"incident_id": "inc-1", "into": "inc-1"}, "are one incident already"),
    ],
)
async def test_what_a_desk_refuses_is_said_in_its_words_and_not_done(
    here: World, person: Person, act: str, values: dict[str, str], says: str
) -> None:
    before = here.state.sequence
    assert says in await person.look(act, **values)
    assert (await person.send(act, {**person.form(), "reason": WHY})).status_code == 409
    assert here.state.sequence == before


async def test_work_is_announced_in_minutes_and_ended(here: World, person: Person) -> None:
    answer = await person.do("maintenance.announce", "a switch", kind="emergency", in_minutes="20", minutes="30")
    assert answer.status_code == 200
    (work,) = here.state.escalation.maintenances.values()
    assert (work.kind, work.what, work.ends_at_ms - work.starts_at_ms) == ("emergency", "a switch", 30 * 60_000)
    assert "Emergency maintenance (a switch) is over" in await person.look("maintenance.end", maintenance_id=work.id)
    assert (await person.send("maintenance.end", {**person.form(), "reason": WHY})).status_code == 200


def flags_app(house: FlagHouse) -> Starlette:
    return app_over(house.writer, house.journal, house.now_ms, flags=house.parts)


async def test_a_flag_is_killed_at_once_and_says_what_everybody_gets() -> None:
    house = await flag_house()
    async with Person(flags_app(house), "operator") as person:
        house.reports("core-1")
        shown = await person.look("flag.kill", flag="processor")
        assert "processor would be killed: off for everybody, its safe default." in shown
        assert "It waits for people" not in shown
        answer = await person.send("flag.kill", {**person.form(), "reason": WHY})
        assert answer.status_code == 200
        killed = house.parts.desk.book.of("processor").killed
        assert killed is not None
        assert (killed.by, killed.reason) == ("operator-ann", WHY)
        assert "is killed already" in await person.look("flag.kill", flag="processor")


async def test_a_critical_flag_is_revived_by_two() -> None:
    house = await flag_house()
    async with Person(flags_app(house), "operator") as person:
        house.reports("core-1")
        await person.do("flag.kill", flag="processor")
        assert "It waits for people" in await person.look("flag.revive", flag="processor")
        assert "Ask for approval" in person.shown
        answer = await person.send("flag.revive", {**person.form(), "reason": WHY})
        assert "Asked: processor is critical" in answer.text
        assert house.parts.desk.book.of("processor").killed is not None


async def test_a_flag_is_set_and_ramped_to_one_of_its_variants() -> None:
    house = await flag_house()
    async with Person(flags_app(house), "operator") as person:
        house.reports("core-1")
        assert "To be filled in: Variant." in await person.look("flag.set", flag="payouts")
        assert '<option value="off">' in person.shown
        assert (await person.do("flag.set", flag="payouts", variant="off")).status_code == 200
        assert "as the document says" in await person.look("flag.revert", flag="payouts")
        assert "steps are percents" in await person.look("flag.ramp", flag="payouts", variant="on", steps="half")
        assert "would be" in await person.look("flag.ramp", flag="payouts", variant="on", steps="5,100")
        assert (await person.send("flag.ramp", {**person.form(), "reason": WHY})).status_code == 200
        state = house.parts.desk.book.of("payouts")
        assert state.ramp is not None
        assert [step.percent for step in state.ramp.plan.steps] == [5, 100]


async def test_units_are_set_with_their_dollars_shown_and_left_to_load_again(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component())).begin()
    await house.tick(3, utilization=0.4)
    app = app_over(house.writer, house.journal, house.clock.now_ms(), scaling=house.desk)
    async with Person(app, "operator") as person:
        assert "To be filled in: Units." in await person.look("scale.set", place="us-east-1/core")
        shown = await person.look("scale.set", place="us-east-1/core", units="5", minutes="60")
        assert "and would have 5." in shown
        assert "An hour costs $" in shown
        answer = await person.send("scale.set", {**person.form(), "reason": WHY})
        assert answer.status_code == 200, answer.text
        assert house.fleet.desired == 5
        assert "is not between min and max" in await person.look("scale.set", place="us-east-1/core", units="9999")
        assert "units is a whole number" in await person.look("scale.set", place="us-east-1/core", units="-1")
        assert (await person.do("scale.release", place="us-east-1/core")).status_code == 200
        assert not house.state.pins


async def test_a_deployment_is_held_goes_on_and_is_ended() -> None:
    one = await scene()
    run = await one.asked()
    app = app_over(one.where.writer, one.journal, one.ground.clock.now_ms(), deployments=one.desk)
    async with Person(app, "operator") as person:
        assert "is neither paused nor held" in await person.look("deployment.resume", deployment_id=run.id)
        assert "begins; gates are read on" in await person.look("deployment.pause", deployment_id=run.id)
        assert (await person.send("deployment.pause", {**person.form(), "reason": WHY})).status_code == 200
        assert one.where.writer.state.runs[run.id].paused_by == "operator-ann"
        assert "operator-ann has paused" in await person.look("deployment.pause", deployment_id=run.id)
        assert (await person.do("deployment.resume", deployment_id=run.id)).status_code == 200
        assert "which is given back, and what it prepared is undone" in await person.look(
            "deployment.abort", deployment_id=run.id
        )
        assert (await person.send("deployment.abort", {**person.form(), "reason": WHY})).status_code == 200
        assert one.where.writer.state.runs[run.id].asked_to_abort_by == "operator-ann"
        assert "there is no deployment" in await person.look("deployment.abort", deployment_id="dep-9")
