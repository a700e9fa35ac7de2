"""The metrics of capacity, read at the scrape; what is not known is absent and never zero."""

from pathlib import Path

from daemon.http.measured.scaling_metrics import BLIND, COST, DRIFT, LOAD, SHORT, UNITS, scaling_values
from tests.unit.daemon.scaling.scaling_house import House, component, policy

CORE = ("core", "us-east-1")


async def test_units_load_and_dollars_are_told_component_by_component(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(max=3))).begin()
    await house.tick(12, utilization=1.0)
    values = scaling_values(house.desk)
    assert values[UNITS] == {
        (*CORE, "desired"): 3,
        (*CORE, "in_service"): 3,
        (*CORE, "wanted"): 5,
        (*CORE, "least"): 2,
        (*CORE, "most"): 3,
    }
    assert values[LOAD] == {CORE: 1.0}
    assert values[COST] == {(*CORE, "now"): 0.3, (*CORE, "cap"): 1.0}
    assert values[SHORT] == {CORE: True}
    assert values[BLIND] == {CORE: False}
    assert values[DRIFT] == {CORE: 0}


async def test_what_cannot_be_read_is_absent_and_said_to_be_so(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component())).begin()
    house.watched.scalable = None
    house.gauge.unread = True
    await house.tick()
    values = scaling_values(house.desk)
    assert values[BLIND] == {CORE: True}
    assert values[LOAD] == {}
    assert (*CORE, "desired") not in values[UNITS]
    assert (*CORE, "now") not in values[COST]


def test_where_no_capacity_is_looked_after_nothing_is_told() -> None:
    assert all(values == {} for values in scaling_values(None).values())
