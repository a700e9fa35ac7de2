"""A load balancer and a function's aliases in memory, as ELBv2 and Lambda answer; passes what moto passes."""

import copy
import itertools
from typing import Any

from daemon.errors import AwsFailed


class SimulatedLoadBalancer:
    """Listeners and rules by ARN. Like AWS it refuses a forward to a group that does not exist."""

    def __init__(self) -> None:
        self.groups: set[str] = set()
        self.actions: dict[str, list[dict[str, Any]]] = {}
        self.conditions: dict[str, list[dict[str, Any]]] = {}
        self.priorities: dict[str, str] = {}
        self._numbers = itertools.count(1)

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        """One call."""
        match operation:
            case "describe_rules":
                return {"Rules": [self._rule(arn) for arn in self._asked(arguments)]}
            case "describe_listeners":
                return {"Listeners": [{"DefaultActions": self._copy(arn)} for arn in arguments["ListenerArns"]]}
            case "modify_rule":
                self._put(arguments["RuleArn"], arguments["Actions"])
                if "Conditions" in arguments:
                    self.conditions[arguments["RuleArn"]] = copy.deepcopy(arguments["Conditions"])
                return {}
            case "modify_listener":
                self._put(arguments["ListenerArn"], arguments["DefaultActions"])
                return {}
            case "create_rule":
                return self._create(arguments)
            case "delete_rule":
                self._require(arguments["RuleArn"])
                del self.actions[arguments["RuleArn"]]
                return {}
            case _:
                raise NotImplementedError(operation)

    def _create(self, arguments: dict[str, Any]) -> dict[str, Any]:
        priority = str(arguments["Priority"])
        if any(self.priorities.get(arn) == priority for arn in self._of(arguments["ListenerArn"])):
            raise AwsFailed("PriorityInUse: taken", code="PriorityInUse", retryable=False)
        arn = f"{arguments['ListenerArn'].replace(':listener/', ':listener-rule/')}/{next(self._numbers):016x}"
        self.actions[arn] = []
        self._put(arn, arguments["Actions"])
        self.conditions[arn] = copy.deepcopy(arguments["Conditions"])
        self.priorities[arn] = priority
        return {"Rules": [self._rule(arn)]}

    def _asked(self, arguments: dict[str, Any]) -> list[str]:
        return list(arguments["RuleArns"]) if "RuleArns" in arguments else self._of(arguments["ListenerArn"])

    def _of(self, listener: str) -> list[str]:
        return [arn for arn in self.actions if arn.startswith(listener.replace(":listener/", ":listener-rule/"))]

    def _rule(self, arn: str) -> dict[str, Any]:
        return {
            "RuleArn": arn,
            "Priority": self.priorities.get(arn, "1"),
            "Conditions": copy.deepcopy(self.conditions.get(arn, [])),
            "Actions": self._copy(arn),
        }

    def _copy(self, arn: str) -> list[dict[str, Any]]:
        self._require(arn)
        return copy.deepcopy(self.actions[arn])

    def _put(self, arn: str, actions: list[dict[str, Any]]) -> None:
        self._require(arn)
        named = [group["TargetGroupArn"] for group in actions[-1]["ForwardConfig"]["TargetGroups"]]
        if not self.groups.issuperset(named):
            raise AwsFailed("TargetGroupNotFound: no such group", code="TargetGroupNotFound", retryable=False)
        self.actions[arn] = copy.deepcopy(actions)

    def _require(self, arn: str) -> None:
        if arn not in self.actions:
            raise AwsFailed("RuleNotFound: no such rule", code="RuleNotFound", retryable=False)


class SimulatedFunction:
    """The aliases of one function. Unlike moto and ministack it holds a change against the revision that was read."""

    def __init__(self, versions: set[str]) -> None:
        self.versions = versions
        self.aliases: dict[str, dict[str, Any]] = {}
        self._revisions = itertools.count(1)

    def put(self, name: str, version: str, beside: dict[str, float]) -> None:
        """Make or change an alias."""
        self.aliases[name] = {
            "Name": name,
            "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": dict(beside)},
            "RevisionId": f"revision-{next(self._revisions)}",
        }

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        """One call."""
        match operation:
            case "get_alias":
                return copy.deepcopy(self._alias(arguments["Name"]))
            case "get_function_configuration":
                self._require(arguments["Qualifier"])
                return {"Version": arguments["Qualifier"]}
            case "update_alias":
                alias = self._alias(arguments["Name"])
                if arguments.get("RevisionId", alias["RevisionId"]) != alias["RevisionId"]:
                    raise AwsFailed("changed meanwhile", code="PreconditionFailedException", retryable=False)
                beside = arguments["RoutingConfig"]["AdditionalVersionWeights"]
                for version in (arguments["FunctionVersion"], *beside):
                    self._require(version)
                self.put(arguments["Name"], arguments["FunctionVersion"], beside)
                return {}
            case _:
                raise NotImplementedError(operation)

    def _alias(self, name: str) -> dict[str, Any]:
        if name not in self.aliases:
            raise AwsFailed(f"no alias {name}", code="ResourceNotFoundException", retryable=False)
        return self.aliases[name]

    def _require(self, version: str) -> None:
        if version not in self.versions:
            raise AwsFailed(f"no version {version}", code="ResourceNotFoundException", retryable=False)
