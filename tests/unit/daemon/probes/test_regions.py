"""A region is well when every environment that holds its traffic answers, and each core is told by its region."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import CoreUnreachable
from daemon.probes.core import CoreProbe
from daemon.probes.core_client import CoreClient
from daemon.probes.payments import HealthPaymentProbe
from daemon.probes.places import Place, name_in, place_of, regions_of
from daemon.probes.regions import RegionProbe
from daemon.traffic.combined import CombinedSplit
from daemon.view.shape import SecondOfPayments
from remediation.actions.rollback_traffic import Sizes
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldUnreachable
from remediation.ports import Traffic
from tests.unit.remediation.worlds import NOW_MS, FakeClock, FakeWorld

EAST, WEST = "us-east-1", "us-west-2"


def core(environment: str, *, ready: bool = True) -> CoreClient:
    async def handler(_: httpx.Request) -> httpx.Response:
        if not ready:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={"ready": True, "version": "1.0.0", "environment": environment})

    return CoreClient("http://127.0.0.1:1", transport=httpx.MockTransport(handler))


def cores(**dead: bool) -> CoreProbe:
    names = ("blue", "green", f"{WEST}/blue")
    clients = {name: core(name.rpartition("/")[2], ready=not dead.get(name.replace("/", "_"), False)) for name in names}
    return CoreProbe(clients, FakeClock(), region=EAST)


def region_probe(
    probe: CoreProbe,
    weights: Mapping[str, dict[str, int]],
    rows: tuple[SecondOfPayments, ...] = (),
    sizes: Mapping[str, Sizes] = MappingProxyType({}),
) -> RegionProbe:
    traffic: dict[str, Traffic] = {region: FakeWorld(weights=split) for region, split in weights.items()}
    return RegionProbe(probe, traffic, lambda: rows, sizes.get)


SPLITS = {EAST: {"blue": 75, "green": 25}, WEST: {"blue": 100}}


async def test_each_core_is_probed_as_what_it_is_in_its_region() -> None:
    facts = await cores().probe_all(NOW_MS)
    assert [(fact.region, fact.environment, fact.status) for fact in facts] == [
        (EAST, "blue", "healthy"),
        (EAST, "green", "healthy"),
        (WEST, "blue", "healthy"),
    ]
    assert len({fact.id for fact in facts}) == 3


async def test_health_payments_are_told_by_region_too() -> None:
    class Broken:
        async def pay(self, key: str) -> Any:  # noqa: ANN401  # it never answers
            raise CoreUnreachable(key)

    probe = HealthPaymentProbe({"blue": Broken(), f"{WEST}/blue": Broken()}, FakeClock(), region=EAST)
    facts = await probe.probe_all(NOW_MS)
    assert [(fact.region, fact.environment) for fact in facts] == [(EAST, "blue"), (WEST, "blue")]
    assert len({fact.id for fact in facts}) == 2


async def test_a_region_whose_environments_with_traffic_answer_is_well() -> None:
    probe = region_probe(cores(), SPLITS)
    assert (await probe.health(EAST)).healthy
    assert (await probe.health(WEST)).healthy


async def test_one_environment_that_holds_traffic_and_is_dead_makes_the_region_unwell_and_a_spare_does_not() -> None:
    dead = await region_probe(cores(green=True), SPLITS).health(EAST)
    assert (dead.healthy, dead.detail.startswith("green:")) == (False, True)
    assert (await region_probe(cores(green=True), {EAST: {"blue": 100, "green": 0}}).health(EAST)).healthy


@pytest.mark.parametrize(
    ("weights", "region", "why"),
    [
        (SPLITS, "eu-west-1", "has no traffic that is known here"),
        ({EAST: {"blue": 0, "green": 0}}, EAST, "none of its environments holds traffic"),
        ({EAST: {"red": 100}}, EAST, "no address is configured"),
    ],
)
async def test_a_region_that_cannot_be_judged_is_not_well(
    weights: dict[str, dict[str, int]], region: str, why: str
) -> None:
    health = await region_probe(cores(), weights).health(region)
    assert not health.healthy
    assert why in health.detail


async def test_a_region_whose_split_cannot_be_read_is_not_well() -> None:
    class Away(FakeWorld):
        async def read(self) -> dict[str, int]:
            raise WorldUnreachable("no route")

    health = await RegionProbe(cores(), {EAST: Away()}, list, lambda _: None).health(EAST)
    assert (health.healthy, "no route" in health.detail) == (False, True)


def test_the_load_is_that_of_the_busiest_ten_seconds_of_all_regions() -> None:
    quiet = tuple(SecondOfPayments(second, "blue", 1, 0, 0) for second in range(100, 200))
    busy = tuple(SecondOfPayments(second, "green", 10, 5, 5) for second in range(150, 160))
    assert region_probe(cores(), SPLITS, quiet).payments_per_second() == 1.0
    assert region_probe(cores(), SPLITS, (*quiet, *busy)).payments_per_second() == 21.0
    assert region_probe(cores(), SPLITS).payments_per_second() is None


class Sized:
    """Healthy instances of four, by environment."""

    def __init__(self, **healthy: int) -> None:
        self.healthy = healthy

    async def look(self, environment: str) -> EnvironmentState | None:
        """See Sizes."""
        if environment not in self.healthy:
            return None
        healthy = self.healthy[environment]
        return EnvironmentState(version="1", desired=4, running=4, healthy=healthy, settled=True)


async def test_a_region_is_as_fit_as_the_environment_with_traffic_that_is_worst_off() -> None:
    assert await region_probe(cores(), SPLITS, sizes={EAST: Sized(blue=4, green=1)}).fit(EAST) == 0.25
    alone = {EAST: {"blue": 100, "green": 0}}
    assert await region_probe(cores(), alone, sizes={EAST: Sized(blue=3, green=0)}).fit(EAST) == 0.75
    unknowns: tuple[dict[str, Sizes], ...] = ({}, {EAST: Sized()})
    for unknown in unknowns:
        assert await region_probe(cores(), SPLITS, sizes=unknown).fit(EAST) == 1.0


@given(st.sampled_from([EAST, WEST]), st.sampled_from(["blue", "green"]))
def test_a_core_is_found_again_by_the_name_of_its_place(region: str, environment: str) -> None:
    assert place_of(name_in(region, environment, EAST), EAST) == Place(region, environment)


def test_the_regions_of_the_settings_are_home_and_those_that_the_cores_name() -> None:
    assert regions_of(["blue", f"{WEST}/blue"], EAST) == {EAST, WEST}
    assert regions_of([], EAST) == {EAST}


async def test_the_share_of_each_regions_environment_in_all_traffic_is_shown() -> None:
    between, west = FakeWorld(weights={EAST: 60, WEST: 20, "eu-west-1": 20}), FakeWorld(weights={"blue": 0, "green": 0})
    split = CombinedSplit(between, {EAST: FakeWorld(weights={"blue": 3, "green": 1}), WEST: west})
    assert await split.read() == {
        f"{EAST}/blue": 4_500,
        f"{EAST}/green": 1_500,
        f"{WEST}/blue": 1_000,
        f"{WEST}/green": 1_000,
        "eu-west-1/": 2_000,
    }
