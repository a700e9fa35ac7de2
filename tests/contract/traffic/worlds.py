"""Every place where traffic can be split, made anew for one test: 90 of 100 to blue, 10 to green."""

import io
import itertools
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from config.delivery.traffic import CohortRule, LambdaAlias, LoadBalancerGroups
from config.settings import AwsSettings
from daemon.aws.session import Aws, AwsClients
from daemon.errors import AwsFailed
from daemon.traffic.alb import LoadBalancerTraffic
from daemon.traffic.lambda_alias import LambdaAliasTraffic
from daemon.traffic.route53 import Route53Traffic
from remediation.ports import Traffic
from tests.contract.traffic.simulated import SimulatedFunction, SimulatedLoadBalancer

FIRST = {"blue": 90, "green": 10}
ARN = "arn:aws:elasticloadbalancing:us-east-1:000000000000:"
_NUMBERS = itertools.count(1)


class Faulty:
    """Passes calls on. faults: raised in place of the next calls of an operation, by its name; asked: every call."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.faults: dict[str, list[AwsFailed]] = {}
        self.after: dict[str, list[AwsFailed]] = {}
        self.asked: list[str] = []

    async def call(self, operation: str, **arguments: object) -> dict[str, Any]:
        """One call."""
        self.asked.append(operation)
        if self.faults.get(operation):
            raise self.faults[operation].pop(0)
        answer = await self._aws.call(operation, **arguments)
        if self.after.get(operation):
            raise self.after[operation].pop(0)
        return answer


@dataclass(frozen=True, slots=True)
class World:
    """traffic: over aws. reads, writes: the operation that a read, or a change, begins with. stranger: adds a third."""

    traffic: Traffic
    aws: Faulty
    reads: str
    writes: str
    settles_in_seconds: float
    stranger: Callable[[], Awaitable[object]]


@asynccontextmanager
async def route53_world(url: str) -> AsyncIterator[World]:
    """Weighted records of an emulator."""
    async with AwsClients(AwsSettings(endpoint_url=url), "test", "test").client("route53") as client:
        zone_id, name = await records_in(client)
        aws = Faulty(client)
        yield World(
            Route53Traffic(aws, zone_id, name),
            aws,
            "list_resource_record_sets",
            "change_resource_record_sets",
            5.0,
            lambda: put_record(client, zone_id, name, "red", 50, "127.0.0.4"),
        )


async def records_in(client: Aws) -> tuple[str, str]:
    """A new zone's id, and the name of its two weighted records."""
    zone = f"t{next(_NUMBERS)}.test."
    made = await client.call("create_hosted_zone", Name=zone, CallerReference=zone)
    zone_id, name = str(made["HostedZone"]["Id"]).rpartition("/")[2], f"payments.{zone}"
    await put_record(client, zone_id, name, "blue", FIRST["blue"], "127.0.0.2")
    await put_record(client, zone_id, name, "green", FIRST["green"], "127.0.0.3")
    return zone_id, name


async def put_record(client: Aws, zone_id: str, name: str, environment: str, weight: int, address: str) -> None:
    """Make or change one weighted record."""
    record = {
        "Name": name,
        "Type": "A",
        "SetIdentifier": environment,
        "Weight": weight,
        "TTL": 5,
        "ResourceRecords": [{"Value": address}],
    }
    change = {"Action": "UPSERT", "ResourceRecordSet": record}
    await client.call("change_resource_record_sets", HostedZoneId=zone_id, ChangeBatch={"Changes": [change]})


@asynccontextmanager
async def simulated_balancer() -> AsyncIterator[World]:
    """A load balancer of ours with one rule."""
    balancer = SimulatedLoadBalancer()
    rule = f"{ARN}listener-rule/app/payments/1/2/3"
    groups = {name: f"{ARN}targetgroup/{name}/1" for name in ("blue", "green", "red")}
    balancer.groups = set(groups.values())
    balancer.actions[rule] = forward({groups[name]: weight for name, weight in FIRST.items()})
    settings = LoadBalancerGroups(
        kind="alb", rules=(rule,), groups={name: groups[name] for name in FIRST}, sticky_for_max=30.0
    )

    async def stranger() -> None:
        balancer.actions[rule] = forward({groups["blue"]: 90, groups["green"]: 10, groups["red"]: 50})

    aws = Faulty(balancer)
    yield World(LoadBalancerTraffic(aws, settings), aws, "describe_rules", "modify_rule", 0.0, stranger)


@asynccontextmanager
async def moto_balancer(url: str) -> AsyncIterator[World]:
    """A listener of moto's load balancer."""
    clients = AwsClients(AwsSettings(endpoint_url=url), "test", "test")
    async with clients.client("elbv2") as client, clients.client("ec2") as ec2:
        listener, groups = await balancer_in_moto(client, ec2)
        await client.call(
            "modify_listener",
            ListenerArn=listener,
            DefaultActions=forward({groups[name]: weight for name, weight in FIRST.items()}),
        )
        aws = Faulty(client)
        settings = LoadBalancerGroups(
            kind="alb",
            rules=(listener,),
            groups={name: groups[name] for name in FIRST},
            cohort=CohortRule(listener=listener, priority=10),
        )

        async def stranger() -> None:
            weights = {groups["blue"]: 90, groups["green"]: 10, groups["red"]: 50}
            await client.call("modify_listener", ListenerArn=listener, DefaultActions=forward(weights))

        yield World(LoadBalancerTraffic(aws, settings), aws, "describe_listeners", "modify_listener", 0.0, stranger)


async def balancer_in_moto(client: Aws, ec2: Aws) -> tuple[str, dict[str, str]]:
    """A listener's ARN, and those of three target groups by name."""
    number = next(_NUMBERS)
    vpc = (await ec2.call("create_vpc", CidrBlock="10.0.0.0/16"))["Vpc"]["VpcId"]
    subnets = [
        (await ec2.call("create_subnet", VpcId=vpc, CidrBlock=f"10.0.{place}.0/24"))["Subnet"]["SubnetId"]
        for place in range(2)
    ]
    made = await client.call("create_load_balancer", Name=f"b{number}", Subnets=subnets)
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    groups = {}
    for name in ("blue", "green", "red"):
        group = await client.call(
            "create_target_group", Name=f"{name}-{number}", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip"
        )
        groups[name] = str(group["TargetGroups"][0]["TargetGroupArn"])
    listening = await client.call(
        "create_listener",
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=forward({groups["blue"]: 1}),
    )
    return str(listening["Listeners"][0]["ListenerArn"]), groups


@asynccontextmanager
async def simulated_function() -> AsyncIterator[World]:
    """A function of ours with three versions."""
    function = SimulatedFunction({"1", "2", "3"})
    function.put("blue", "1", {})
    function.put("green", "2", {})
    function.put("live", "1", {"2": FIRST["green"] / 100})
    settings = LambdaAlias(
        kind="lambda", function="payments", alias="live", environments={"blue": "blue", "green": "green"}
    )

    async def stranger() -> None:
        function.put("live", "1", {"3": 0.5})

    aws = Faulty(function)
    yield World(LambdaAliasTraffic(aws, settings), aws, "get_alias", "update_alias", 0.0, stranger)


@asynccontextmanager
async def function_world(url: str) -> AsyncIterator[World]:
    """A function of an emulator with three versions."""
    clients = AwsClients(AwsSettings(endpoint_url=url), "test", "test")
    name = f"payments-{next(_NUMBERS)}"
    async with clients.client("lambda") as client, clients.client("iam") as iam:
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        role = await iam.call("create_role", RoleName=name, AssumeRolePolicyDocument=trust)
        await client.call(
            "create_function",
            FunctionName=name,
            Runtime="python3.12",
            Role=role["Role"]["Arn"],
            Handler="code.handler",
            Code={"ZipFile": _code(0)},
        )
        for number in range(1, 4):
            await client.call("update_function_code", FunctionName=name, ZipFile=_code(number))
            await client.call("publish_version", FunctionName=name)
        for alias, version in (("blue", "1"), ("green", "2")):
            await client.call("create_alias", FunctionName=name, Name=alias, FunctionVersion=version)

        async def live(operation: str, beside: dict[str, float]) -> None:
            await client.call(
                operation,
                FunctionName=name,
                Name="live",
                FunctionVersion="1",
                RoutingConfig={"AdditionalVersionWeights": beside},
            )

        await live("create_alias", {"2": FIRST["green"] / 100})
        aws = Faulty(client)
        settings = LambdaAlias(
            kind="lambda", function=name, alias="live", environments={"blue": "blue", "green": "green"}
        )
        yield World(
            LambdaAliasTraffic(aws, settings),
            aws,
            "get_alias",
            "update_alias",
            0.0,
            lambda: live("update_alias", {"3": 0.5}),
        )


def forward(weights: dict[str, int]) -> list[dict[str, Any]]:
    """One forward action over target groups by ARN."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return [{"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups}}]


def _code(number: int) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("code.py", f"def handler(event, context):\n    return {number}\n")
    return packed.getvalue()
