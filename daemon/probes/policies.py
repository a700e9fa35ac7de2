"""Finds permissions without a limit in IAM policies: what an assessor asks first of a deployment."""

import re
from pathlib import Path

import msgspec

UNLIMITED = frozenset(
    {
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingPolicies",
        "application-autoscaling:DescribeScheduledActions",
        "autoscaling:DescribeAutoScalingGroups",
        "ce:GetCostAndUsage",
        "ce:GetCostForecast",
        "cloudwatch:GetMetricData",
        "cloudwatch:PutMetricData",
        "dynamodb:DescribeLimits",
        "ecs:DescribeTaskDefinition",
        "ecs:RegisterTaskDefinition",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
        "lambda:GetAccountSettings",
    }
)
"""Actions that IAM knows no resource for (Service Authorization Reference); a statement of only these may say ``*``."""
NAMESPACED = "cloudwatch:PutMetricData"
"""Of these, what a condition can still bind: to one namespace."""

PHONES = ("sns:Publish", "arn:aws:sns:*:*:*")
"""What alone may be allowed on everything but a resource: a phone has no ARN, and topics are left out."""

_CHILDREN = re.compile(r"(/|:function:.+:)\*$")
"""The objects under a prefix have no other name than this, nor have the versions and aliases of a function."""

TEMPLATES = Path(__file__).resolve().parents[2] / "deploy"
"""The policies of this release, where the source is at hand."""


class _Statement(msgspec.Struct, frozen=True, rename="pascal"):
    action: list[str] | str = msgspec.field(default_factory=list)
    resource: list[str] | str = msgspec.field(default_factory=list)
    not_resource: list[str] | str = msgspec.field(default_factory=list)
    effect: str = "Allow"
    sid: str = ""
    condition: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


class _Policy(msgspec.Struct, frozen=True, rename="pascal"):
    statement: list[_Statement]


def policy_findings(name: str, document: bytes) -> tuple[str, ...]:
    """What the policy allows without naming it. Raises msgspec.MsgspecError when it is no policy."""
    policy = msgspec.json.decode(document, type=_Policy)
    return tuple(finding for statement in policy.statement for finding in _statement_findings(name, statement))


def template_findings(directory: Path) -> tuple[str, ...] | None:
    """Findings of every ``iam-*.json`` in the folder; None when there is none there."""
    files = sorted(directory.glob("iam-*.json"))
    if not files:
        return None
    found: list[str] = []
    for path in files:
        try:
            found += policy_findings(path.name, path.read_bytes())
        except (OSError, msgspec.MsgspecError) as fault:
            found.append(f"{path.name} cannot be read as a policy: {fault}")
    return tuple(found)


def _statement_findings(name: str, statement: _Statement) -> list[str]:
    if statement.effect != "Allow":
        return []
    actions, resources = _many(statement.action), _many(statement.resource)
    where = f"{name} {statement.sid}".rstrip()
    found = [f"{where} allows {action}" for action in actions if "*" in action]
    unlimited = bool(actions) and UNLIMITED.issuperset(actions)
    if not unlimited:
        found += [f"{where} allows it on {resource}" for resource in resources if "*" in _CHILDREN.sub("", resource)]
    left_out = _many(statement.not_resource)
    if left_out and (actions, left_out) != ([PHONES[0]], [PHONES[1]]):
        found.append(f"{where} allows it on everything but {', '.join(left_out)}")
    if NAMESPACED in actions and not statement.condition:
        found.append(f"{where} allows {NAMESPACED} in every namespace")
    return found


def _many(values: list[str] | str) -> list[str]:
    return [values] if isinstance(values, str) else values
