"""Every source that the settings name is opened, each under the name that its facts are counted under."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from config.settings import Settings
from daemon.aws.session import AwsClients
from daemon.errors import NotUsable
from daemon.sources.opened import open_sources, open_trust
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.sources.fakes import FakeSink
from tests.unit.remediation.worlds import FakeClock

AWS = {"endpoint_url": "http://127.0.0.1:9", "account_id": "123456789012", "region": "eu-west-1"}
TOPICS = [{"filter": "t/+", "kinds": ["heartbeat"]}]
METRIC = {"namespace": "AWS/SQS", "metric": "Age", "statistic": "Sum"}


async def names(quarantine: Quarantine, **settings: object) -> list[str]:
    """The names of the sources, in the order in which they start."""
    made = Settings.model_validate({"aws": AWS, **settings})
    clients = AwsClients(made.aws, "key", "secret")
    async with AsyncExitStack() as stack:
        trust = await open_trust(stack, made, FakeClock())
        sqs = await stack.enter_async_context(clients.client("sqs"))
        sources = await open_sources(stack, made, clients, sqs, FakeSink(), quarantine, trust, FakeClock())
        assert all(source.silent_after_ms > 0 for source in sources)
        return [source.name for source in sources]


async def test_without_settings_the_queues_alone_are_read(quarantine: Quarantine) -> None:
    assert await names(quarantine) == ["payment-events", "control-events"]


async def test_whatever_is_named_is_read_too(quarantine: Quarantine, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    opened = await names(
        quarantine,
        metrics={"queries": [METRIC]},
        mqtt={"host": "127.0.0.1", "topics": TOPICS},
        replay=str(tmp_path),
    )
    assert opened == ["payment-events", "control-events", "cloudwatch", "mqtt", "replay"]


async def test_files_of_tls_that_are_not_there_keep_the_daemon_from_starting(
    quarantine: Quarantine, tmp_path: Path
) -> None:
    missing = str(tmp_path / "ca.pem")
    with pytest.raises(NotUsable, match="files of TLS"):
        await names(quarantine, mqtt={"host": "127.0.0.1", "ca_file": missing, "topics": TOPICS})


@pytest.mark.parametrize(("signatures", "checked"), [("required", True), ("off", False)])
async def test_signatures_are_checked_unless_a_stand_in_cannot_sign(signatures: str, checked: bool) -> None:
    made = Settings.model_validate({"aws": {**AWS, "sns_signatures": signatures}})
    async with AsyncExitStack() as stack:
        trust = await open_trust(stack, made, FakeClock())
    assert (trust.signatures is not None) is checked
    assert trust.account_id == "123456789012"
    assert trust.regions == frozenset({"eu-west-1", "us-east-1"})
