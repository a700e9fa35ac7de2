"""How each region's traffic is split between environments: DNS records, a load balancer's groups, or an alias."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.delivery.names import AliasName, EnvironmentName, FunctionName, RegionName
from config.model import Hold, Model, refusal

_RECORD_NAME = r"^([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+$"

RecordName = Annotated[
    str,
    Field(
        max_length=255,
        pattern=_RECORD_NAME,
        description="A full lower-case DNS name that ends with a dot",
        examples=["payments.tillwatch.test."],
    ),
]
_ARN = r"^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:"
RuleArn = Annotated[
    str,
    Field(
        max_length=512,
        pattern=_ARN + r"listener(-rule)?/app/",
        description="The ARN of a listener of an Application Load Balancer, or of a rule of one",
        examples=["arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/payments/50dc6c/f2f7dc"],
    ),
]
ListenerArn = Annotated[
    str,
    Field(
        max_length=512,
        pattern=_ARN + r"listener/app/",
        description="The ARN of a listener of an Application Load Balancer",
        examples=["arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/payments/50dc6c/f2f7dc"],
    ),
]
GroupArn = Annotated[
    str,
    Field(
        max_length=512,
        pattern=_ARN + r"targetgroup/",
        description="The ARN of a target group",
        examples=["arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/payments-blue/6d0ecf"],
    ),
]


class Route53Records(Model):
    """Weighted A records of one name in the settings' hosted zone, one for each environment."""

    kind: Literal["route53"]
    record_name: RecordName


class CohortRule(Model):
    """The listener rule that sends a cohort to one environment; it exists only while a cohort is routed.

    priority: of that rule, kept free for it. merchant_header: carries the merchant's id in every request.
    """

    listener: ListenerArn
    priority: int = Field(ge=1, le=50_000, examples=[10])
    merchant_header: str = Field(
        default="x-merchant-id",
        pattern=r"^[a-z0-9-]{1,40}$",
        description="The name of a header in lower case",
        examples=["x-merchant-id"],
    )


class LoadBalancerGroups(Model):
    """Weighted target groups of an Application Load Balancer.

    rules: listeners (their default action) or listener rules, changed one after the other in this order.
    groups: the target group of each environment. sticky_for_max: how long a client may be kept on one group.
    """

    kind: Literal["alb"]
    rules: tuple[RuleArn, ...] = Field(strict=False, min_length=1, max_length=10)
    groups: dict[EnvironmentName, GroupArn] = Field(min_length=2, max_length=5)
    sticky_for_max: Hold = 0.0
    cohort: CohortRule | None = None

    @model_validator(mode="after")
    def _each_group_once(self) -> "LoadBalancerGroups":
        if len(set(self.groups.values())) < len(self.groups):
            raise refusal("two environments have one target group", "give each environment its own", ("groups",))
        if len(set(self.rules)) < len(self.rules):
            raise refusal("a rule is named twice", "name each listener or rule once", ("rules",))
        return self


class LambdaAlias(Model):
    """The weights of one alias of a function, which names at most two versions.

    alias: the one that takes the traffic. environments: the alias that names each environment's version.
    """

    kind: Literal["lambda"]
    function: FunctionName
    alias: AliasName
    environments: dict[EnvironmentName, AliasName] = Field(min_length=2, max_length=2)

    @model_validator(mode="after")
    def _each_alias_once(self) -> "LambdaAlias":
        names = list(self.environments.values())
        if len(set(names)) < len(names) or self.alias in names:
            raise refusal(
                f"{self.alias} and the aliases of the environments have to be three",
                "give each environment an alias of its own, apart from the one that takes the traffic",
                ("environments",),
            )
        return self


RegionTraffic = Annotated[Route53Records | LoadBalancerGroups | LambdaAlias, Field(discriminator="kind")]


class TrafficSettings(Model):
    """By region how its traffic is split; a region without an entry has weighted records in the hosted zone."""

    regions: dict[RegionName, RegionTraffic] = Field(default_factory=dict, max_length=16)
