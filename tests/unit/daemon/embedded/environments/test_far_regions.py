"""Another region's cores have addresses of their own, and are of the scenario alone."""

from pathlib import Path

import pytest

from config.load import load_configuration
from config.policy import Policy, RegionRoom, TrafficPolicy
from config.scenario import CoreRelease, Scenario, SetWeights, Traffic
from daemon.embedded.environments.cores import Endpoints, every_address
from daemon.embedded.environments.far_regions import far_cores, with_regions

REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


def scenario(*steps: SetWeights, regions: tuple[str, ...] = REGIONS) -> Scenario:
    return Scenario(
        name="regions",
        summary="Regions.",
        blue=CoreRelease(version="1.0.0"),
        green=CoreRelease(version="2.0.0"),
        traffic=Traffic(payments_per_second=1),
        regions=regions,
        steps=steps,
    )


def test_other_regions_run_blue_and_green_only_where_something_is_deployed() -> None:
    assert set(far_cores(scenario(), 80)) == {"us-west-2/blue", "eu-west-1/blue"}
    deploying = scenario(SetWeights(at=1.0, step="deploy", green_percent=5))
    assert set(far_cores(deploying, 80)) == {f"{region}/{name}" for region in REGIONS[1:] for name in ("blue", "green")}
    assert far_cores(scenario(regions=()), 80) == {}


def test_no_two_processes_of_all_regions_share_an_address_or_a_log() -> None:
    deploying = scenario(SetWeights(at=1.0, step="deploy", green_percent=5))
    cores = far_cores(deploying, 80)
    addresses = [*every_address(), *(core.address for core in cores.values())]
    assert len(set(addresses)) == len(addresses)
    assert len({core.name for core in cores.values()}) == len(cores)


def test_a_core_tells_of_its_own_region_and_sends_its_events_home() -> None:
    core = far_cores(scenario(), 80)["us-west-2/blue"]
    endpoints = Endpoints("queue", "http://127.0.0.1:1", "http://127.0.0.1:2")
    command = core.program(Path("data"), Path("logs"), {"AWS_REGION": "us-east-1"}, endpoints).command
    assert command[command.index("--region") + 1] == "us-west-2"
    assert command[command.index("--queue-region") + 1] == "us-east-1"


@pytest.mark.parametrize("regions", [(), REGIONS])
def test_the_policy_has_the_scenarios_regions_and_what_was_said_of_them(regions: tuple[str, ...]) -> None:
    own = dict.fromkeys(("us-east-1", "ap-south-1"), RegionRoom(payments_per_second=7.0))
    policy = with_regions(Policy(traffic=TrafficPolicy(regions=own)), scenario(regions=regions))
    assert tuple(policy.traffic.regions) == regions
    if regions:
        assert policy.traffic.regions["us-east-1"].payments_per_second == 7.0
        assert policy.traffic.regions["us-west-2"].payments_per_second == 500.0


def test_a_scenario_without_regions_leaves_the_packaged_policy_as_it_is() -> None:
    packaged = load_configuration(None, {}).policy
    assert with_regions(packaged, scenario(regions=())) == packaged
