"""What security and cost services report when something is wrong, in the shape in which EventBridge delivers it."""

import secrets
from datetime import UTC, datetime
from typing import Literal

import msgspec

from daemon.aws.session import Aws
from daemon.embedded.processes.surroundings import ACCOUNT_ID, REGION
from remediation.ports import Clock

CRITICAL = 9.2
"""GuardDuty's scale: critical from 9.0."""
OVERRUN_DOLLARS, EXPECTED_DOLLARS = 480, 300


class Alerts:
    """Puts events into the control queue as EventBridge would; only AWS may put those of its services on a bus."""

    def __init__(self, sqs: Aws, queue: str, clock: Clock) -> None:
        self._sqs = sqs
        self._queue = queue
        self._clock = clock

    async def tell(self, about: Literal["security", "cost"]) -> None:
        """Report one thing. Raises AwsFailed."""
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        time = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        source, kind, detail = (
            ("aws.guardduty", "GuardDuty Finding", _finding(time))
            if about == "security"
            else ("aws.ce", "Anomaly Detected", _anomaly(time))
        )
        event = {
            "version": "0",
            "id": secrets.token_hex(16),
            "detail-type": kind,
            "source": source,
            "account": ACCOUNT_ID,
            "time": time,
            "region": REGION,
            "resources": [],
            "detail": detail,
        }
        found = await self._sqs.call("get_queue_url", QueueName=self._queue)
        await self._sqs.call(
            "send_message", QueueUrl=found["QueueUrl"], MessageBody=msgspec.json.encode(event).decode()
        )


def _finding(time: str) -> dict[str, object]:
    return {
        "schemaVersion": "2.0",
        "accountId": ACCOUNT_ID,
        "region": REGION,
        "id": secrets.token_hex(16),
        "type": "CredentialAccess:IAMUser/AnomalousBehavior",
        "severity": CRITICAL,
        "createdAt": time,
        "updatedAt": time,
        "title": "Credentials of the payment core are used from an unusual place",
        "description": "Played by a scenario.",
        "resource": {"resourceType": "AccessKey"},
        "service": {"serviceName": "guardduty", "archived": False, "count": 1},
    }


def _anomaly(time: str) -> dict[str, object]:
    excess = OVERRUN_DOLLARS - EXPECTED_DOLLARS
    return {
        "accountId": ACCOUNT_ID,
        "accountName": "embedded",
        "anomalyId": secrets.token_hex(8),
        "anomalyStartDate": time,
        "anomalyEndDate": time,
        "dimensionValue": "AWS Lambda",
        "anomalyScore": {"maxScore": 0.9, "currentScore": 0.8},
        "impact": {
            "maxImpact": excess,
            "totalActualSpend": OVERRUN_DOLLARS,
            "totalExpectedSpend": EXPECTED_DOLLARS,
            "totalImpact": excess,
            "totalImpactPercentage": 100 * excess // EXPECTED_DOLLARS,
        },
        "monitorArn": f"arn:aws:ce::{ACCOUNT_ID}:anomalymonitor/embedded",
    }
