"""The traffic split is read whole, written whole, and never to nothing."""

from typing import Any

import pytest

from daemon.errors import AwsFailed
from daemon.traffic.route53 import Route53Traffic, WeightedAddress
from remediation.errors import UnsafeWeights, WorldRefused, WorldUnreachable

NAME = "payments.tillwatch.test."


def record(environment: str, weight: int, address: str, **more: object) -> dict[str, Any]:
    return {
        "Name": NAME,
        "Type": "A",
        "SetIdentifier": environment,
        "Weight": weight,
        "TTL": 1,
        "ResourceRecords": [{"Value": address}],
        **more,
    }


BLUE = record("blue", 90, "127.0.0.2")
GREEN = record("green", 10, "127.0.0.3", HealthCheckId="abc")
OTHER = {"Name": "zzz.tillwatch.test.", "Type": "A", "TTL": 60, "ResourceRecords": []}


class FakeRoute53:
    """Answers with the scripted pages and keeps what was changed."""

    def __init__(self, *pages: list[dict[str, Any]], fault: AwsFailed | None = None) -> None:
        self.pages = pages
        self.fault = fault
        self.asked: list[dict[str, object]] = []
        self.changes: list[dict[str, Any]] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        """One call."""
        if self.fault is not None:
            raise self.fault
        if operation == "change_resource_record_sets":
            self.changes.append(arguments)
            return {}
        self.asked.append(arguments)
        number = len(self.asked) - 1
        page: dict[str, Any] = {
            "ResourceRecordSets": self.pages[number % len(self.pages)],
            "IsTruncated": number + 1 < len(self.pages),
        }
        if page["IsTruncated"]:
            page |= {"NextRecordName": NAME, "NextRecordType": "A", "NextRecordIdentifier": f"page-{number + 2}"}
        return page


def traffic(fake: FakeRoute53) -> Route53Traffic:
    return Route53Traffic(fake, "Z1", NAME)


async def test_weights_are_read_by_environment_and_other_names_are_not() -> None:
    fake = FakeRoute53([BLUE, GREEN, OTHER])
    assert await traffic(fake).read() == {"blue": 90, "green": 10}
    assert fake.asked[0] == {
        "HostedZoneId": "Z1",
        "MaxItems": "100",
        "StartRecordName": NAME,
        "StartRecordType": "A",
    }


async def test_addresses_are_read_with_their_time_to_live() -> None:
    assert await traffic(FakeRoute53([BLUE])).addresses() == {
        "blue": WeightedAddress(addresses=("127.0.0.2",), ttl_seconds=1, weight=90)
    }


async def test_a_change_sets_all_records_at_once_and_leaves_the_rest_as_it_was() -> None:
    fake = FakeRoute53([BLUE, GREEN])
    await traffic(fake).write({"blue": 100, "green": 0}, "key-1")
    (change,) = fake.changes
    assert change["HostedZoneId"] == "Z1"
    assert change["ChangeBatch"]["Comment"] == "key-1"
    assert change["ChangeBatch"]["Changes"] == [
        {"Action": "UPSERT", "ResourceRecordSet": {**BLUE, "Weight": 100}},
        {"Action": "UPSERT", "ResourceRecordSet": {**GREEN, "Weight": 0}},
    ]


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({"blue": 0, "green": 0}, "would weigh 0"),
        ({"blue": 100, "pink": 0}, "no record for pink"),
        ({"blue": 100}, "also holds green, which would keep a share"),
        ({"blue": 256}, "not between 0 and 255"),
        ({"blue": -1}, "not between 0 and 255"),
    ],
)
async def test_weights_that_nobody_can_mean_are_not_written(weights: dict[str, int], reason: str) -> None:
    fake = FakeRoute53([BLUE, GREEN])
    with pytest.raises(UnsafeWeights, match=reason):
        await traffic(fake).write(weights, "key")
    assert fake.changes == []


async def test_pages_are_followed_where_the_answer_says() -> None:
    fake = FakeRoute53([BLUE], [GREEN])
    assert await traffic(fake).read() == {"blue": 90, "green": 10}
    assert fake.asked[1]["StartRecordIdentifier"] == "page-2"


async def test_an_answer_that_goes_on_for_ever_is_refused() -> None:
    with pytest.raises(WorldRefused, match="more than 3 pages"):
        await traffic(FakeRoute53(*[[BLUE]] * 9)).read()


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([OTHER], "no weighted A record"),
        ([], "no weighted A record"),
        ([{**OTHER, "Name": NAME}], "not weighted"),
    ],
)
async def test_a_name_without_weighted_records_is_refused(records: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(WorldRefused, match=reason):
        await traffic(FakeRoute53(records)).read()


@pytest.mark.parametrize(("retryable", "fault"), [(True, WorldUnreachable), (False, WorldRefused)])
async def test_a_fault_of_aws_is_told_as_unknown_or_certain(retryable: bool, fault: type[Exception]) -> None:
    with pytest.raises(fault, match="no"):
        await traffic(FakeRoute53(fault=AwsFailed("no", retryable=retryable))).read()


async def test_two_spellings_of_one_environment_are_refused_by_both_names() -> None:
    with pytest.raises(WorldRefused, match="a record blue and a record Blue"):
        await traffic(FakeRoute53([BLUE, record("Blue", 100, "127.0.0.9")])).read()


async def test_clients_may_go_the_old_way_for_the_longest_time_to_live() -> None:
    slow = {**GREEN, "TTL": 30}
    alias = {name: value for name, value in GREEN.items() if name != "TTL"}
    assert await traffic(FakeRoute53([BLUE, slow])).settles_in_seconds() == 30.0
    assert await traffic(FakeRoute53([BLUE, alias])).settles_in_seconds() == 60.0


async def test_regions_are_split_by_canonical_names() -> None:
    east = {**record("us-east-1", 100, ""), "Type": "CNAME", "ResourceRecords": [{"Value": f"us-east-1.{NAME}"}]}
    fake = FakeRoute53([east, BLUE])
    assert await Route53Traffic(fake, "Z1", NAME, "CNAME").read() == {"us-east-1": 100}
    assert fake.asked[0]["StartRecordType"] == "CNAME"
