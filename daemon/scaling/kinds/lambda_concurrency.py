"""Concurrent executions of a Lambda function: reserved for all of it, or warm for one alias."""

from typing import Any

from config.scaling import LambdaFunction
from daemon.aws.calls import ask, world_fault
from daemon.aws.session import Aws
from daemon.errors import AwsFailed
from daemon.scaling.kinds.managed import ManagedTarget
from remediation.errors import WorldRefused
from remediation.ports import Capacity

NAMESPACE, DIMENSION = "lambda", "lambda:function:ProvisionedConcurrency"
UNRESERVED_LEAST = 100
"""So many executions AWS keeps for the functions that reserve none (Lambda, reserved concurrency)."""
_NO_CONCURRENCY = "ProvisionedConcurrencyConfigNotFoundException"


class ReservedConcurrency:
    """Scalable over what is reserved for the function: it is there as soon as it is set, and 0 stops the function."""

    def __init__(self, settings: LambdaFunction, lambda_: Aws) -> None:
        self._settings = settings
        self._aws = lambda_

    async def read(self) -> Capacity:
        """See Scalable. A function that reserves nothing is refused: it may take all that the account has left."""
        answer = await ask(self._aws, "get_function_concurrency", FunctionName=self._settings.function)
        reserved = answer.get("ReservedConcurrentExecutions")
        if reserved is None:
            raise WorldRefused(
                f"{self._settings.function} reserves no concurrency, so its size is that of the account; reserve some "
                "once, and it is scaled from there."
            )
        limits = (await ask(self._aws, "get_account_settings")).get("AccountLimit", {})
        left = limits.get("UnreservedConcurrentExecutions")
        quota = None if left is None else int(left) + int(reserved) - UNRESERVED_LEAST
        return Capacity(desired=int(reserved), in_service=int(reserved), quota=quota)

    async def set(self, units: int, key: str) -> None:
        """See Scalable; Lambda takes no key, the number is absolute."""
        del key
        await ask(
            self._aws,
            "put_function_concurrency",
            FunctionName=self._settings.function,
            ReservedConcurrentExecutions=units,
        )


class ProvisionedConcurrency:
    """Scalable over the warm instances of one alias. managed: where Application Auto Scaling sizes it."""

    def __init__(self, settings: LambdaFunction, lambda_: Aws, managed: ManagedTarget | None = None) -> None:
        self._settings = settings
        self._aws = lambda_
        self._managed = managed

    async def read(self) -> Capacity:
        """See Scalable; none are warm where none were asked for."""
        warm = await self._warm()
        if warm is None:
            wanted = available = 0
            said = ""
        else:
            wanted = int(warm["RequestedProvisionedConcurrentExecutions"])
            available = int(warm.get("AvailableProvisionedConcurrentExecutions", 0))
            said = str(warm.get("StatusReason", "")) if warm["Status"] == "FAILED" else ""
        if self._managed is None:
            return Capacity(desired=wanted, in_service=available, said=said)
        return Capacity(desired=await self._managed.least(), in_service=available, grows_by_itself=True, said=said)

    async def set(self, units: int, key: str) -> None:
        """See Scalable; 0 ends it, and requests run on demand."""
        del key
        if self._managed is not None:
            await self._managed.set_least(units)
        elif units == 0:
            await self._unless_there_is_none("delete_provisioned_concurrency_config")
        else:
            await ask(
                self._aws,
                "put_provisioned_concurrency_config",
                **self._named,
                ProvisionedConcurrentExecutions=units,
            )

    @property
    def _named(self) -> dict[str, str]:
        return {"FunctionName": self._settings.function, "Qualifier": str(self._settings.alias)}

    async def _warm(self) -> dict[str, Any] | None:
        return await self._unless_there_is_none("get_provisioned_concurrency_config")

    async def _unless_there_is_none(self, operation: str) -> dict[str, Any] | None:
        try:
            return await self._aws.call(operation, **self._named)
        except AwsFailed as fault:
            if fault.code == _NO_CONCURRENCY:
                return None
            raise world_fault(fault) from fault


def resource_of(settings: LambdaFunction) -> str:
    """What Application Auto Scaling calls it."""
    return f"function:{settings.function}:{settings.alias}"
