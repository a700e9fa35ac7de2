"""An alias splits between two versions, each named by an environment's own alias."""

import pytest

from config.delivery.traffic import LambdaAlias
from daemon.traffic.lambda_alias import LambdaAliasTraffic
from remediation.errors import UnsafeWeights, WorldRefused, WorldUnreachable
from tests.contract.traffic.simulated import SimulatedFunction
from tests.contract.traffic.worlds import Faulty

SETTINGS = LambdaAlias(
    kind="lambda", function="payments", alias="live", environments={"blue": "blue-version", "green": "green-version"}
)


def function(blue: str = "1", green: str = "2") -> SimulatedFunction:
    simulated = SimulatedFunction({"1", "2", "3"})
    simulated.put("blue-version", blue, {})
    simulated.put("green-version", green, {})
    simulated.put("live", "1", {})
    return simulated


async def test_both_sides_are_stated_and_the_greater_share_is_the_alias_itself() -> None:
    simulated = function()
    split = LambdaAliasTraffic(simulated, SETTINGS)
    await split.write({"blue": 25, "green": 75}, "key")
    alias = simulated.aliases["live"]
    assert (alias["FunctionVersion"], alias["RoutingConfig"]) == ("2", {"AdditionalVersionWeights": {"1": 0.25}})
    await split.write({"blue": 100, "green": 0}, "key")
    alias = simulated.aliases["live"]
    assert (alias["FunctionVersion"], alias["RoutingConfig"]) == ("1", {"AdditionalVersionWeights": {}})


@pytest.mark.parametrize("percent", range(101))
async def test_every_percentage_is_read_as_it_was_written(percent: int) -> None:
    split = LambdaAliasTraffic(function(), SETTINGS)
    await split.write({"blue": 100 - percent, "green": percent}, "key")
    assert await split.read() == {"blue": 100 - percent, "green": percent}


async def test_weights_that_are_no_percentages_are_refused() -> None:
    with pytest.raises(UnsafeWeights, match="add up to 99"):
        await LambdaAliasTraffic(function(), SETTINGS).write({"blue": 90, "green": 9}, "key")


@pytest.mark.parametrize(
    ("simulated", "why"),
    [(function(green="9"), "no version 9"), (function(green="1"), "nothing is split")],
    ids=["missing version", "one version"],
)
async def test_environments_that_name_no_two_versions_are_refused(simulated: SimulatedFunction, why: str) -> None:
    split = LambdaAliasTraffic(simulated, SETTINGS)
    with pytest.raises(WorldRefused, match=why):
        await split.read()
    with pytest.raises(WorldRefused, match=why):
        await split.write({"blue": 50, "green": 50}, "key")
    assert simulated.aliases["live"]["RevisionId"] == "revision-3", "nothing was changed"


async def test_an_alias_that_is_not_there_is_refused_by_its_name() -> None:
    simulated = function()
    del simulated.aliases["green-version"]
    with pytest.raises(WorldRefused, match="no alias green-version"):
        await LambdaAliasTraffic(simulated, SETTINGS).read()


async def test_a_change_that_overtook_this_one_is_not_lost() -> None:
    class Overtaken(Faulty):
        async def call(self, operation: str, **arguments: object) -> dict[str, object]:
            if operation == "update_alias":
                simulated.put("live", "2", {})
            return await super().call(operation, **arguments)

    simulated = function()
    with pytest.raises(WorldUnreachable, match="changed meanwhile"):
        await LambdaAliasTraffic(Overtaken(simulated), SETTINGS).write({"blue": 75, "green": 25}, "key")
    assert simulated.aliases["live"]["FunctionVersion"] == "2"
