"""Environments that are aliases of one Lambda function, each with its published version and its warm instances."""

from collections.abc import Mapping
from typing import Any

from config.delivery.environments import LambdaEnvironment, LambdaEnvironments
from daemon.aws.calls import ask, world_fault
from daemon.aws.session import Aws
from daemon.environments.function import Function
from daemon.environments.region import settings_of
from daemon.environments.scaling import require_room
from daemon.errors import AwsFailed
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused
from remediation.ports import Clock

_NO_ALIAS = "ResourceNotFoundException"
_NO_CONCURRENCY = "ProvisionedConcurrencyConfigNotFoundException"
_USABLE = frozenset({"Active", "Inactive"})
"""Lambda makes an idle version inactive after weeks; the next invocation makes it active again."""


class LambdaAliases:
    """RegionEnvironments over the aliases of one function. A size is provisioned concurrency; 0 runs on demand.

    Lambda takes no keys. Whatever was done is found by what it made (a published version with these variables, an
    alias that names it), so a repetition goes on where the last try ended; what failed to warm is tried again.
    """

    def __init__(self, settings: LambdaEnvironments, *, lambda_: Aws, scaling: Aws, clock: Clock) -> None:
        self._settings = settings
        self._aws = lambda_
        self._scaling = scaling
        self._function = Function(settings, lambda_, clock)

    async def look(self, environment: str) -> EnvironmentState | None:
        """See RegionEnvironments; healthy are the warm instances that take requests."""
        described = self._settings.environments.get(environment)
        alias = None if described is None else await self._alias(described)
        if described is None or alias is None:
            return None
        configuration = await self._function.version(alias["FunctionVersion"])
        warm = await self._warm(described)
        return _state(alias, configuration, warm, self._settings.version_variable)

    async def deploy(self, environment: str, version: str, size: int, key: str) -> None:
        """See RegionEnvironments; an alias that is not there is made."""
        del key
        described = settings_of(self._settings.environments, environment)
        await self._require_room(described, size)
        alias = await self._alias(described)
        running = None
        if alias is not None:
            _require_one_version(alias)
            running = await self._function.version(alias["FunctionVersion"])
        if running is None or not self._function.runs(running, environment, version):
            number = await self._function.published(environment, version)
            if not number:
                number = await self._function.publish(environment, version, running)
            await self._point(described, alias, number)
        await self._warm_up(described, size)

    async def resize(self, environment: str, size: int, key: str) -> None:
        """See RegionEnvironments."""
        del key
        described = settings_of(self._settings.environments, environment)
        if await self._alias(described) is None:
            raise WorldRefused(f"{self._settings.function} has no alias {described.alias}.")
        await self._require_room(described, size)
        await self._warm_up(described, size)

    async def _point(self, described: LambdaEnvironment, alias: Mapping[str, Any] | None, number: str) -> None:
        """Let the alias name this version; everything else of the alias stays."""
        if alias is None:
            await self._ask("create_alias", Name=described.alias, FunctionVersion=number)
        else:
            revision = {"RevisionId": alias["RevisionId"]} if alias.get("RevisionId") else {}
            await self._ask("update_alias", Name=described.alias, FunctionVersion=number, **revision)

    async def _warm_up(self, described: LambdaEnvironment, size: int) -> None:
        warm = await self._warm(described)
        wanted = int(warm["RequestedProvisionedConcurrentExecutions"]) if warm else 0
        if wanted == size and not (warm and warm["Status"] == "FAILED"):
            return
        if size == 0:
            await self._ask("delete_provisioned_concurrency_config", Qualifier=described.alias)
        else:
            await self._ask(
                "put_provisioned_concurrency_config", Qualifier=described.alias, ProvisionedConcurrentExecutions=size
            )

    async def _alias(self, described: LambdaEnvironment) -> dict[str, Any] | None:
        return await self._unless(_NO_ALIAS, "get_alias", Name=described.alias)

    async def _warm(self, described: LambdaEnvironment) -> dict[str, Any] | None:
        """The provisioned concurrency of the alias; None when it has none."""
        return await self._unless(_NO_CONCURRENCY, "get_provisioned_concurrency_config", Qualifier=described.alias)

    async def _unless(self, code: str, operation: str, **arguments: object) -> dict[str, Any] | None:
        """The answer; None when it is this code that says so."""
        try:
            return await self._aws.call(operation, FunctionName=self._settings.function, **arguments)
        except AwsFailed as fault:
            if fault.code == code:
                return None
            raise world_fault(fault) from fault

    async def _require_room(self, described: LambdaEnvironment, size: int) -> None:
        resource = f"function:{self._settings.function}:{described.alias}"
        await require_room(self._scaling, "lambda", resource, "lambda:function:ProvisionedConcurrency", size)

    async def _ask(self, operation: str, **arguments: object) -> dict[str, Any]:
        return await ask(self._aws, operation, FunctionName=self._settings.function, **arguments)


def _require_one_version(alias: Mapping[str, Any]) -> None:
    others = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    if others:
        also = ", ".join(sorted(others))
        raise WorldRefused(
            f"The alias {alias['Name']} also sends to version {also}, so it is no environment of one version; "
            "split traffic at an alias of its own."
        )


def _state(
    alias: Mapping[str, Any], configuration: Mapping[str, Any], warm: Mapping[str, Any] | None, variable: str
) -> EnvironmentState:
    desired = int(warm["RequestedProvisionedConcurrentExecutions"]) if warm else 0
    running = int(warm.get("AllocatedProvisionedConcurrentExecutions", 0)) if warm else 0
    healthy = int(warm.get("AvailableProvisionedConcurrentExecutions", 0)) if warm else 0
    status = str(warm["Status"]) if warm else "none wanted"
    failed = ""
    if configuration.get("State") == "Failed":
        failed = f"version {alias['FunctionVersion']}: {configuration.get('StateReason', 'no reason given')}"
    elif status == "FAILED" and warm:
        failed = f"provisioned concurrency: {warm.get('StatusReason', 'no reason given')}"
    others = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    is_usable = configuration.get("State", "Active") in _USABLE
    ready = status in {"READY", "none wanted"} and healthy >= desired
    return EnvironmentState(
        version=str(configuration.get("Environment", {}).get("Variables", {}).get(variable, "")),
        desired=desired,
        running=running,
        healthy=healthy,
        settled=not failed and not others and is_usable and ready,
        failed=failed,
        detail=f"alias {alias['Name']} names version {alias['FunctionVersion']}; {healthy} of {desired} warm, {status}",
    )
