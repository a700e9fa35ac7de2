"""What a scenario reports is what the daemon understands, and grave enough to act on."""

from typing import Any, Literal

import pytest

from checks.facts import CostLine, SecurityFinding
from daemon.embedded.processes.surroundings import ACCOUNT_ID
from daemon.embedded.scenario.alerts import Alerts
from daemon.translate.message import translate
from tests.unit.daemon.sources.fakes import NOW_MS
from tests.unit.remediation.worlds import FakeClock


class Queue:
    """Keeps the bodies."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # shapes are botocore's
        if operation == "send_message":
            self.bodies.append(arguments["MessageBody"])
        return {"QueueUrl": "http://queue"}


@pytest.mark.parametrize("about", ["security", "cost"])
async def test_the_alert_becomes_a_fact_of_our_account(about: Literal["security", "cost"]) -> None:
    queue = Queue()
    await Alerts(queue, "till-control-events", FakeClock(NOW_MS)).tell(about)
    (fact,) = translate(queue.bodies[0], ACCOUNT_ID).facts
    if about == "security":
        assert isinstance(fact, SecurityFinding)
        assert (fact.severity, fact.source, fact.resolved) == ("critical", "guardduty", False)
    else:
        assert isinstance(fact, CostLine)
        assert fact.amount_microcents * 10 == fact.expected_microcents * 16
