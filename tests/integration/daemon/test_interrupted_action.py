"""A daemon that is killed between intent and effect, or between effect and outcome, ends the action exactly once."""

from pathlib import Path

import pytest

from daemon.aws.session import Aws
from daemon.traffic.route53 import Route53Traffic
from remediation.journal.verify import verify
from tests.integration.daemon.bridge import Bridge, Hold
from tests.integration.daemon.world import (
    Account,
    Programs,
    Sender,
    attempt,
    configure,
    entries,
    packed,
    rollout,
    until,
)


@pytest.mark.parametrize(
    ("hold", "status"), [(Hold.BEFORE_THE_EFFECT, "verified"), (Hold.AFTER_THE_EFFECT, "already_done")]
)
async def test_a_killed_daemon_s_action_is_done_once_and_has_one_outcome(
    tmp_path: Path,
    programs: Programs,
    account: Account,
    sender: Sender,
    bridge: Bridge,
    route53: Aws,
    hold: Hold,
    status: str,
) -> None:
    blue = await programs.core(tmp_path / "payments.db", account, "--environment", "blue")
    folder = configure(tmp_path, account, endpoint_url=bridge.url, cores={"blue": blue.url})
    bridge.hold = hold
    killed = await programs.ready_daemon(folder)
    await sender.send(account.control_queue, rollout("dep-1"))
    await until(lambda: bool(entries(tmp_path, "deployment")), "the deployment is in the journal")
    await sender.send(account.payment_queue, packed(*(attempt(number, "failed") for number in range(60))))
    await bridge.held.wait()
    await killed.kill()
    assert len(entries(tmp_path, "intent")) == 1
    assert entries(tmp_path, "outcome") == []

    bridge.hold = Hold.NOWHERE
    restarted = await programs.ready_daemon(folder)
    await until(lambda: bool(entries(tmp_path, "outcome")), "the interrupted action has an outcome")
    assert await restarted.stop() == 0
    (outcome,) = entries(tmp_path, "outcome")
    (intent,) = entries(tmp_path, "intent")
    assert outcome.fields["decision_id"] == intent.fields["decision_id"]
    assert outcome.fields["status"] == status
    assert bridge.reached == 1
    assert await Route53Traffic(route53, account.zone_id, account.record_name).read() == {"blue": 100, "green": 0}
    assert verify(tmp_path / "data" / "journal.db", None).first_bad is None
