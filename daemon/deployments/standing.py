"""Finds out what stands in a region before a deployment: which environment has the traffic, and what it runs."""

from collections.abc import Mapping

from daemon.deployments.refusals import Refusal, Refused
from remediation.deployment.plan import Standing
from remediation.deployment.ports import Environments
from remediation.errors import RemediationError
from remediation.ports import Traffic


class Ground:
    """Reads the world of every region. names: the two environments that take turns. targets: of their traffic."""

    def __init__(self, environments: Environments, traffic: Mapping[str, Traffic], targets: Mapping[str, str]) -> None:
        self._environments = environments
        self._traffic = traffic
        self._targets = targets

    async def standing(self, region: str, names: tuple[str, str], version: str) -> Standing | Refused:
        """What stands there, or why no deployment of the version can be planned on it."""
        try:
            weights = await self._traffic[region].read()
            holders = sorted(name for name, weight in weights.items() if weight > 0)
            wrong = _wrong_split(region, weights, holders, names)
            if wrong is not None:
                return wrong
            state = await self._environments.look(region, holders[0])
        except RemediationError as fault:
            return Refused(refusal=Refusal.UNREACHABLE, detail=f"{region} cannot be read: {fault}")
        if state is None:
            detail = f"{holders[0]} in {region} cannot be deployed to; name it under environments in tillwatch.yaml"
            return Refused(refusal=Refusal.NO_ENVIRONMENT, detail=detail)
        if state.version == version:
            detail = f"{holders[0]} in {region} runs {version} already"
            return Refused(refusal=Refusal.SAME_VERSION, detail=detail)
        spare = names[1] if holders[0] == names[0] else names[0]
        return Standing(
            region=region,
            environment=holders[0],
            version=state.version,
            spare=spare,
            size=max(1, state.desired),
            traffic=self._targets[region],
        )


def _wrong_split(region: str, weights: Mapping[str, int], holders: list[str], names: tuple[str, str]) -> Refused | None:
    shown = ", ".join(f"{name} {weight}" for name, weight in sorted(weights.items()))
    if len(holders) != 1:
        detail = f"the traffic of {region} is split ({shown}); give all of it to one environment first"
        return Refused(refusal=Refusal.TRAFFIC_IS_SPLIT, detail=detail)
    if set(weights) != set(names):
        detail = f"the traffic of {region} has {shown}; deployment.yaml has the environments {' and '.join(names)}"
        return Refused(refusal=Refusal.NO_ENVIRONMENT, detail=detail)
    return None
