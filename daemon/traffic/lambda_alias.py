"""The traffic split as the weights of one Lambda alias, which names at most two versions."""

from collections.abc import Mapping
from typing import Any

from config.delivery.traffic import LambdaAlias
from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.traffic.weights import ALL_PERCENT, require_sound
from remediation.errors import UnsafeWeights, WorldRefused


class LambdaAliasTraffic:
    """The Traffic port over one alias. Weights are percent and add up to 100.

    Each environment has an alias of its own that names its version. A version that is no environment's is read under
    ``version N``, so that whoever compares sees it.
    """

    def __init__(self, aws: Aws, settings: LambdaAlias) -> None:
        self._aws = aws
        self._function = settings.function
        self._alias = settings.alias
        self._environments = dict(settings.environments)

    async def read(self) -> dict[str, int]:
        """See Traffic."""
        return _named(await self._get(self._alias), await self._versions())

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """See Traffic: both sides in one call, under the revision that was read, so that nobody's change is lost."""
        del key  # Lambda takes none; the change is absolute.
        versions = await self._versions()
        alias = await self._get(self._alias)
        require_sound(self._alias, weights, _named(alias, versions), ALL_PERCENT)
        if sum(weights.values()) != ALL_PERCENT:
            raise UnsafeWeights(f"The weights of {self._alias} are percent and add up to {sum(weights.values())}.")
        main = max(weights, key=lambda environment: (weights[environment], environment))
        beside = {
            versions[environment]: weight / ALL_PERCENT
            for environment, weight in weights.items()
            if environment != main and weight > 0
        }
        await ask(
            self._aws,
            "update_alias",
            FunctionName=self._function,
            Name=self._alias,
            FunctionVersion=versions[main],
            RoutingConfig={"AdditionalVersionWeights": beside},
            RevisionId=alias["RevisionId"],
        )

    async def settles_in_seconds(self) -> float:
        """See Traffic: 0, because every invocation goes by the weights of its moment."""
        return 0.0

    async def _versions(self) -> dict[str, str]:
        """The version of each environment. Raises WorldRefused when one has none or both have the same."""
        versions = {
            environment: str((await self._get(alias))["FunctionVersion"])
            for environment, alias in self._environments.items()
        }
        if len(set(versions.values())) < len(versions):
            told = ", ".join(f"{environment} {version}" for environment, version in sorted(versions.items()))
            raise WorldRefused(f"The environments of {self._function} are one version ({told}), so nothing is split.")
        for version in versions.values():
            # An alias can outlive what it names.
            await ask(self._aws, "get_function_configuration", FunctionName=self._function, Qualifier=version)
        return versions

    async def _get(self, alias: str) -> dict[str, Any]:
        return await ask(self._aws, "get_alias", FunctionName=self._function, Name=alias)


def _named(alias: Mapping[str, Any], versions: Mapping[str, str]) -> dict[str, int]:
    """Percent by environment; one whose version the alias does not name has 0."""
    routing = alias.get("RoutingConfig")
    beside = {} if routing is None else routing.get("AdditionalVersionWeights", {})
    shares = {str(version): round(ALL_PERCENT * weight) for version, weight in beside.items()}
    main = str(alias["FunctionVersion"])
    shares[main] = ALL_PERCENT - sum(shares.values())
    environments = {version: environment for environment, version in versions.items()}
    named = {environments.get(version, f"version {version}"): share for version, share in shares.items()}
    return dict.fromkeys(versions, 0) | named
