"""Each process of an environment has an address of its own, and a version has its fault wherever it runs."""

from pathlib import Path

from config.scenario import CoreRelease, FaultProfile, Scenario, Traffic
from daemon.embedded.environments.cores import (
    INSTANCES_MAX,
    SLOTS,
    Core,
    Endpoints,
    every_address,
    first_cores,
    release_of,
)
from daemon.embedded.marketplace.records import SHARES


def scenario(**green: object) -> Scenario:
    return Scenario(
        name="rollout",
        summary="A new version.",
        blue=CoreRelease(version="1.0.0"),
        green=CoreRelease(version="2.0.0", fault=FaultProfile(fail_percent=5), **green),  # type: ignore[arg-type]  # one field of it
        traffic=Traffic(payments_per_second=1),
    )


def test_no_two_processes_share_an_address() -> None:
    assert len(set(every_address())) == 2 * SLOTS
    assert SLOTS > INSTANCES_MAX
    assert Core("blue", CoreRelease(version="1.0.0"), 80).address == "127.0.0.2"
    assert Core("green", CoreRelease(version="1.0.0"), 80, 3).url == "http://127.0.3.3:80"


def test_a_version_has_its_fault_wherever_it_runs_and_an_unknown_one_has_none() -> None:
    assert release_of(scenario(), "blue", "2.0.0").fault.fail_percent == 5
    assert release_of(scenario(), "green", "1.0.0").fault.fail_percent == 0
    assert release_of(scenario(), "green", "3.0.0") == CoreRelease(version="3.0.0")


def test_where_both_environments_have_a_version_each_has_its_own_fault() -> None:
    same = scenario().model_copy(update={"blue": CoreRelease(version="2.0.0")})
    assert release_of(same, "blue", "2.0.0").fault.fail_percent == 0
    assert release_of(same, "green", "2.0.0").fault.fail_percent == 5


def test_an_environment_may_begin_with_another_version_than_it_is_about_to_get() -> None:
    versions = {name: core.release for name, core in first_cores(scenario(at_start="1.0.0"), 80).items()}
    assert versions["green"] == CoreRelease(version="1.0.0")
    assert first_cores(scenario(), 80)["green"].release.version == "2.0.0"


def test_only_the_first_process_does_background_jobs_and_the_others_end_with_their_input() -> None:
    endpoints = Endpoints("queue", "http://127.0.0.1:1", "http://127.0.0.1:2")
    for slot in range(SLOTS):
        core = Core("green", CoreRelease(version="1.0.0"), 80, slot)
        program = core.program(Path("data"), Path("logs"), {"AWS_REGION": "us-east-1"}, endpoints)
        assert program.command[-2:] == ("--worker", str(slot))
        assert program.held == (slot > 0)
        assert program.log.name == f"{program.name}.log"


def test_a_weight_is_shared_out_evenly_among_any_number_of_processes() -> None:
    assert all(SHARES % count == 0 for count in range(1, SLOTS + 1))
