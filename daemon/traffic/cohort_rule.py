"""A cohort routed by a listener rule of an Application Load Balancer that looks at one header."""

from typing import Any

from config.delivery.traffic import LoadBalancerGroups
from daemon.aws.calls import MARKER, ask, listed
from daemon.aws.session import Aws
from remediation.deployment.cohort import cohort_of
from remediation.deployment.ports import CohortRoute
from remediation.errors import WorldRefused

PAGES_MAX = 5
"""A listener has at most 100 rules unless AWS was asked for more."""
WILDCARDS = frozenset("*?\\")
"""What a listener rule takes for more than itself."""


class CohortRule:
    """One rule of the priority that is kept free for it, which exists only while a cohort is routed."""

    def __init__(self, aws: Aws, settings: LoadBalancerGroups) -> None:
        if settings.cohort is None:
            raise WorldRefused("The settings name no listener for a cohort (traffic.regions, cohort).")
        self._aws = aws
        self._listener = settings.cohort.listener
        self._priority = settings.cohort.priority
        self._merchant_header = settings.cohort.merchant_header
        self._groups = dict(settings.groups)
        self._environments = {arn: environment for environment, arn in settings.groups.items()}

    async def read(self) -> CohortRoute | None:
        """See Cohorts. Raises WorldRefused when another rule has the priority."""
        rule = await self._rule()
        return None if rule is None else self._route_of(rule)

    async def route(self, route: CohortRoute, key: str) -> None:
        """See Cohorts."""
        del key  # ELBv2 takes none; the rule is absolute.
        wanted = {"Conditions": [self._condition(route.cohort)], "Actions": [self._action(route.environment)]}
        rule = await self._rule()
        if rule is None:
            await ask(self._aws, "create_rule", ListenerArn=self._listener, Priority=self._priority, **wanted)
            return
        if self._route_of(rule) != route:
            await ask(self._aws, "modify_rule", RuleArn=rule["RuleArn"], **wanted)

    async def clear(self, key: str) -> None:
        """See Cohorts."""
        del key
        rule = await self._rule()
        if rule is not None:
            self._route_of(rule)
            await ask(self._aws, "delete_rule", RuleArn=rule["RuleArn"])

    async def _rule(self) -> dict[str, Any] | None:
        rules = await listed(
            self._aws, "describe_rules", "Rules", pages_max=PAGES_MAX, named=MARKER, ListenerArn=self._listener
        )
        return next((rule for rule in rules if rule["Priority"] == str(self._priority)), None)

    def _route_of(self, rule: dict[str, Any]) -> CohortRoute:
        """What the rule routes. Raises WorldRefused when it is not one of ours: it is never changed or deleted."""
        conditions = [one for one in rule["Conditions"] if one.get("Field") == "http-header"]
        groups = _groups_of(rule["Actions"])
        is_ours = len(conditions) == len(rule["Conditions"]) == 1 and len(groups) == 1
        config = conditions[0].get("HttpHeaderConfig", {}) if conditions else {}
        values = config.get("Values", [])
        if not is_ours or len(values) != 1 or groups[0] not in self._environments:
            raise WorldRefused(
                f"Priority {self._priority} of {self._listener} is taken by a rule that routes no cohort."
            )
        name = str(config["HttpHeaderName"]).lower()
        cohort = f"merchant={values[0]}" if name == self._merchant_header else f"header={name}:{values[0]}"
        return CohortRoute(cohort=cohort, environment=self._environments[groups[0]])

    def _condition(self, text: str) -> dict[str, object]:
        cohort = cohort_of(text)
        if cohort is None or WILDCARDS & set(cohort.value):
            raise WorldRefused(f"{text!r:.120} cannot be looked for in a header.")
        name = cohort.header if cohort.header else self._merchant_header
        return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": [cohort.value]}}

    def _action(self, environment: str) -> dict[str, object]:
        group = self._groups.get(environment)
        if group is None:
            raise WorldRefused(f"{environment} has no target group here.")
        forward = {"TargetGroups": [{"TargetGroupArn": group, "Weight": 1}]}
        return {"Type": "forward", "ForwardConfig": forward}


def _groups_of(actions: list[dict[str, Any]]) -> list[str]:
    if len(actions) != 1 or actions[0].get("Type") != "forward":
        return []
    named = actions[0].get("ForwardConfig", {}).get("TargetGroups", [])
    return [group["TargetGroupArn"] for group in named] if named else [actions[0].get("TargetGroupArn", "")]
