"""The policies of AWS IoT Core let daemon and cores do what their code does with topics of flags, and nothing else."""

import json
from pathlib import Path

import pytest

from config.sources import FlagBrokerSettings
from payment_core.assembly.flagging import CLIENT_PREFIX
from payment_core.flags.envelope import DOCUMENT_TOPIC, REPORT_TOPICS

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
ARN = "arn:aws:iot:${REGION}:${ACCOUNT_ID}:"
DAEMON_CLIENT = FlagBrokerSettings.model_fields["client_id"].default


def allowed(name: str) -> set[tuple[str, str]]:
    """Every action with the resource that it is allowed on."""
    policy = json.loads((DEPLOY / name).read_text("utf-8"))
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Allow"}
    found = set()
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        found |= {(action.removeprefix("iot:"), statement["Resource"].removeprefix(ARN)) for action in actions}
    return found


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        (
            "iot-core.json",
            {
                ("Connect", f"client/{CLIENT_PREFIX}*"),
                ("Subscribe", f"topicfilter/{DOCUMENT_TOPIC}"),
                ("Receive", f"topic/{DOCUMENT_TOPIC}"),
                ("Publish", f"topic/{REPORT_TOPICS}*"),
            },
        ),
        (
            "iot-daemon.json",
            {
                ("Connect", f"client/{DAEMON_CLIENT}"),
                ("Publish", f"topic/{DOCUMENT_TOPIC}"),
                ("RetainPublish", f"topic/{DOCUMENT_TOPIC}"),
                ("Subscribe", f"topicfilter/{REPORT_TOPICS}+"),
                ("Receive", f"topic/{REPORT_TOPICS}*"),
            },
        ),
    ],
)
def test_each_side_of_flags_may_do_what_it_does_and_no_more(name: str, needed: set[tuple[str, str]]) -> None:
    assert allowed(name) == needed
