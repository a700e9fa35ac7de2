"""People set units by hand, with the dollars said before, within limits that hold for them too, and for a while."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from daemon.scaling.desk import Asked, SetRefusal
from daemon.scaling.documents import document_of
from remediation.decisions import OutcomeStatus
from remediation.scaling.model import Source
from remediation.state import TargetState
from tests.unit.daemon.scaling.scaling_house import EMERGENCY, House, component, policy
from tests.unit.remediation.worlds import NOW_MS

HOUR_MS = 3_600_000


@pytest.fixture
async def house(tmp_path: Path) -> House:
    made = await House(tmp_path, policy(component())).begin()
    await made.tick(3, utilization=0.4)
    return made


def asked(units: int | None, *, dry_run: bool = False) -> Asked:
    return Asked(units=units, lasts_ms=HOUR_MS, reason="a sale", dry_run=dry_run)


async def test_units_are_set_seen_to_serve_and_left_alone_until_their_time_is_over(house: House) -> None:
    answer = await house.desk.set("us-east-1/core", asked(5), "ana")
    assert answer.refusal is None
    assert answer.outcome is not None
    assert (answer.outcome.action, answer.outcome.status) == ("scale.set", OutcomeStatus.VERIFIED)
    await house.tick(60, utilization=0.1)
    assert house.fleet.desired == 5
    assert house.state.scaling["scale:us-east-1/core"].source is Source.PERSON
    [told] = house.desk.status()
    assert told.pin is not None
    assert (told.pin.by, told.pin.why, told.pin.units) == ("ana", "a sale", 5)
    house.clock.at_ms += HOUR_MS
    await house.tick(60, utilization=0.1)
    assert house.fleet.desired == 2


async def test_a_dry_run_says_the_dollars_and_changes_nothing(house: House) -> None:
    before = await house.kinds()
    answer = await house.desk.set("core", asked(5, dry_run=True), "ana")
    assert answer.refusal is None
    assert answer.decision is not None
    dollars = answer.decision.hourly_before_microdollars, answer.decision.hourly_after_microdollars
    assert dollars == (200_000, 500_000)
    assert "$0.200 -> $0.500 an hour" in answer.detail
    assert house.fleet.sets == []
    assert await house.kinds() == before


@pytest.mark.parametrize(("units", "words"), [(9, "2 and 8 at this moment"), (1, "2 and 8 at this moment")])
async def test_what_configuration_does_not_allow_is_refused_with_its_limits(
    house: House, units: int, words: str
) -> None:
    answer = await house.desk.set("us-east-1/core", asked(units), "ana")
    assert answer.refusal is SetRefusal.OUT_OF_RANGE
    assert words in answer.detail
    assert house.fleet.sets == []
    assert house.state.pins == {}


async def test_a_component_that_nobody_knows_is_told_with_those_that_are_known(house: House) -> None:
    answer = await house.desk.set("us-east-1/cor", asked(3), "ana")
    assert (answer.refusal, "known: us-east-1/core" in answer.detail) == (SetRefusal.UNKNOWN, True)


async def test_the_cap_of_cost_holds_for_people_too_and_says_the_dollars(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(hourly_cap_cents=40))).begin()
    await house.tick(3, utilization=0.4)
    answer = await house.desk.set("us-east-1/core", asked(8), "ana")
    assert answer.refusal is SetRefusal.HELD
    assert "cap of $0.400 an hour" in answer.detail
    assert house.fleet.sets == []


async def test_an_unknown_size_is_no_ground_to_set_one(house: House) -> None:
    house.clock.at_ms += HOUR_MS

    house.watched.scalable = None
    answer = await house.desk.set("us-east-1/core", asked(3), "ana")
    assert answer.refusal is SetRefusal.HELD
    assert "it cannot be told how many units us-east-1/core has" in answer.detail


async def test_what_somebody_else_is_changing_is_refused_and_not_done_later(house: House) -> None:
    before = house.state.targets
    busy = {**before, "scale:us-east-1/core": TargetState(running="dec-1")}
    house.writer._state = replace(house.state, targets=busy)
    answer = await house.desk.set("us-east-1/core", asked(5), "ana")
    assert answer.refusal is SetRefusal.HELD
    assert "dec-1 is still acting" in answer.detail
    assert house.fleet.sets == []
    house.writer._state = replace(house.state, targets=before)
    await house.tick(3, utilization=0.4)
    assert (house.fleet.sets, house.state.pins) == ([], {})


async def test_what_is_held_leaves_what_a_person_set_before(house: House) -> None:
    await house.desk.set("us-east-1/core", asked(4), "ana")
    busy = {**house.state.targets, "scale:us-east-1/core": TargetState(running="dec-1")}
    house.writer._state = replace(house.state, targets=busy)
    assert (await house.desk.set("us-east-1/core", asked(6), "bo")).refusal is SetRefusal.HELD
    [pin] = house.state.pins.values()
    assert (pin.units, pin.by) == (4, "ana")


async def test_load_decides_again_once_a_person_lets_go(house: House) -> None:
    await house.desk.set("us-east-1/core", asked(5), "ana")
    answer = await house.desk.set("us-east-1/core", asked(None), "ana")
    assert answer.refusal is None
    assert house.state.pins == {}
    await house.tick(60, utilization=0.1)
    assert house.fleet.desired == 2


async def test_where_scaling_is_off_nothing_is_set(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(), "off")).begin()
    assert (await house.desk.set("us-east-1/core", asked(3), "ana")).refusal is SetRefusal.OFF


async def test_the_document_has_capacity_load_dollars_and_what_comes_next(tmp_path: Path) -> None:
    sale = {
        "name": "sale",
        "starts": "2026-11-27T00:00",
        "ends": "2026-11-28T00:00",
        "zone": "America/New_York",
        "min": 4,
        "max": 10,
        "hourly_cap_cents": 200,
    }
    house = await House(tmp_path, policy(component(peaks=(sale,), emergency=EMERGENCY))).begin()
    await house.tick(2, utilization=0.4)
    document = document_of(house.desk)
    [told] = document.components
    assert (document.mode, document.hourly_microdollars, document.hourly_cap_microdollars) == (
        "act",
        200_000,
        1_000_000,
    )
    assert (told.place, told.kind, told.least, told.most) == ("us-east-1/core", "ecs_service", 2, 8)
    assert told.reading is not None
    assert told.reading.utilization == 0.4
    assert [(peak.name, peak.min, peak.max) for peak in told.peaks] == [("sale", 4, 10)]
    assert told.peaks[0].until_ms > NOW_MS
    assert told.spent_microdollars > 0
    assert not told.emergency
