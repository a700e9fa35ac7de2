"""Creates the resources of a new account: queues, topics, rules, a key and weighted records; keeps what is there."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from daemon.aws.session import Aws, AwsClients
from daemon.errors import AwsFailed

RETENTION_SECONDS = 1_209_600
"""14 days, the most that SQS keeps a message: a daemon that is down over a weekend loses nothing."""
VISIBILITY_SECONDS = 30
"""As long as a daemon may need for a batch before another one gets it."""
NO_SUCH_KEY = "NotFoundException"
"""What KMS answers for an alias that it does not have."""


async def ensure_queues(clients: AwsClients, names: Sequence[str]) -> dict[str, str]:
    """ARN by name of these queues, made when missing; messages in existing ones stay."""
    async with clients.client("sqs") as sqs:
        return {name: await _ensure_queue(sqs, name) for name in names}


async def ensure_rules(clients: AwsClients, patterns: Mapping[str, object], queue_arn: str) -> None:
    """EventBridge rules by name on the default bus, each with the queue as its one target."""
    async with clients.client("events") as events:
        for name, pattern in patterns.items():
            text = msgspec.json.encode(pattern).decode()
            await events.call("put_rule", Name=name, EventPattern=text, State="ENABLED")
            answer = await events.call("put_targets", Rule=name, Targets=[{"Id": "queue", "Arn": queue_arn}])
            if answer.get("FailedEntryCount", 0):
                raise AwsFailed(f"Rule {name} did not take its target.", retryable=False)


async def ensure_topics(clients: AwsClients, names: Sequence[str], queue_arn: str) -> dict[str, str]:
    """ARN by name of SNS topics that deliver to the queue."""
    arns: dict[str, str] = {}
    async with clients.client("sns") as sns:
        for name in names:
            arn = str((await sns.call("create_topic", Name=name))["TopicArn"])
            arns[name] = arn
            listed = await sns.call("list_subscriptions_by_topic", TopicArn=arn)
            if all(one["Endpoint"] != queue_arn for one in listed.get("Subscriptions", ())):
                await sns.call("subscribe", TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    return arns


async def ensure_key(clients: AwsClients, alias: str) -> str:
    """Id of the KMS key behind the alias, made when missing."""
    async with clients.client("kms") as kms:
        try:
            found = await kms.call("describe_key", KeyId=alias)
            return str(found["KeyMetadata"]["KeyId"])
        except AwsFailed as fault:
            if fault.code != NO_SUCH_KEY:
                raise
        made = await kms.call("create_key", Description="Envelope key of payment data")
        key_id = str(made["KeyMetadata"]["KeyId"])
        await kms.call("create_alias", AliasName=alias, TargetKeyId=key_id)
        return key_id


async def ensure_zone(clients: AwsClients, zone: str) -> str:
    """Id of the hosted zone, made when missing, without the /hostedzone/ in front."""
    async with clients.client("route53") as route53:
        listed = await route53.call("list_hosted_zones_by_name", DNSName=zone)
        found = [one["Id"] for one in listed.get("HostedZones", ()) if one["Name"] == zone]
        if not found:
            made = await route53.call("create_hosted_zone", Name=zone, CallerReference=f"tillwatch-{zone}")
            found = [made["HostedZone"]["Id"]]
        return str(found[0]).rpartition("/")[2]


async def ensure_weighted_records(
    clients: AwsClients,
    zone_id: str,
    name: str,
    addresses: Mapping[str, str],
    weights: Mapping[str, int],
    ttl: int,
    record_type: Literal["A", "CNAME"] = "A",
) -> bool:
    """Weighted records by set identifier. ttl: seconds. Returns whether they had to be made, with these weights.

    addresses: names in place of addresses for ``CNAME``. When the name has all of them their weights stay; their
    addresses are set either way.
    """
    async with clients.client("route53") as route53:
        listed = await route53.call(
            "list_resource_record_sets", HostedZoneId=zone_id, StartRecordName=name, StartRecordType=record_type
        )
        there = {
            record["SetIdentifier"]: int(record["Weight"])
            for record in listed["ResourceRecordSets"]
            if record["Name"] == name and record["Type"] == record_type and "Weight" in record
        }
        is_new = not set(addresses) <= set(there)
        wanted = weights if is_new else there
        changes = [
            {
                "Action": "UPSERT",
                "ResourceRecordSet": {
                    **_record(name, identifier, address, wanted[identifier], ttl),
                    "Type": record_type,
                },
            }
            for identifier, address in addresses.items()
        ]
        await route53.call("change_resource_record_sets", HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
        return is_new


def _record(name: str, identifier: str, address: str, weight: int, ttl: int) -> dict[str, object]:
    return {
        "Name": name,
        "SetIdentifier": identifier,
        "Weight": weight,
        "TTL": ttl,
        "ResourceRecords": [{"Value": address}],
    }


async def _ensure_queue(sqs: Aws, name: str) -> str:
    try:
        url = (await sqs.call("get_queue_url", QueueName=name))["QueueUrl"]
    except AwsFailed as fault:
        if "NonExistentQueue" not in fault.code and "QueueDoesNotExist" not in fault.code:
            raise
        attributes = {
            "MessageRetentionPeriod": str(RETENTION_SECONDS),
            "VisibilityTimeout": str(VISIBILITY_SECONDS),
            "SqsManagedSseEnabled": "true",
        }
        url = (await sqs.call("create_queue", QueueName=name, Attributes=attributes))["QueueUrl"]
    answer = await sqs.call("get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
