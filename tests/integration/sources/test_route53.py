"""The traffic split on a real Route 53 interface."""

import pytest

from daemon.aws.session import Aws
from daemon.traffic.route53 import Route53Traffic, WeightedAddress
from remediation.errors import UnsafeWeights, WorldRefused


@pytest.fixture
async def traffic(route53: Aws, unique: str) -> Route53Traffic:
    zone = f"{unique}.test."
    made = await route53.call("create_hosted_zone", Name=zone, CallerReference=unique)
    zone_id = made["HostedZone"]["Id"].rpartition("/")[2]
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"payments.{zone}",
                "Type": "A",
                "SetIdentifier": environment,
                "Weight": weight,
                "TTL": 1,
                "ResourceRecords": [{"Value": address}],
            },
        }
        for environment, weight, address in (("blue", 90, "127.0.0.2"), ("green", 10, "127.0.0.3"))
    ]
    await route53.call("change_resource_record_sets", HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    return Route53Traffic(route53, zone_id, f"payments.{zone}")


async def test_weights_change_absolutely_and_everything_else_stays(traffic: Route53Traffic) -> None:
    assert await traffic.read() == {"blue": 90, "green": 10}
    for _ in range(2):
        await traffic.write({"blue": 100, "green": 0}, "the-key")
        assert await traffic.addresses() == {
            "blue": WeightedAddress(("127.0.0.2",), 1, 100),
            "green": WeightedAddress(("127.0.0.3",), 1, 0),
        }


async def test_no_traffic_at_all_is_never_written(traffic: Route53Traffic) -> None:
    with pytest.raises(UnsafeWeights):
        await traffic.write({"blue": 0, "green": 0}, "the-key")
    assert await traffic.read() == {"blue": 90, "green": 10}


async def test_a_zone_that_does_not_exist_is_refused(route53: Aws) -> None:
    with pytest.raises(WorldRefused):
        await Route53Traffic(route53, "ZNOTTHERE", "payments.nowhere.test.").read()
