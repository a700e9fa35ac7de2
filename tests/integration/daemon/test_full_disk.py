"""A disk that takes nothing: the daemon says so, does nothing that it could not account for, and recovers."""

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx

from remediation.journal.verify import verify
from tests.integration.daemon.bridge import Bridge
from tests.integration.daemon.test_messages import acknowledged
from tests.integration.daemon.world import (
    Account,
    Program,
    Programs,
    Sender,
    attempt,
    configure,
    entries,
    packed,
    rollout,
    until,
)


class Readiness:
    """Asks ``/readyz`` in turn, so that a wait can look at the newest answer."""

    def __init__(self, program: Program) -> None:
        self._client = httpx.Client(base_url=program.url, trust_env=False)

    def is_refused_for(self, word: str) -> bool:
        """Whether the daemon says that it is not ready, with this word in its reason."""
        answer = self._client.get("/readyz")
        return answer.status_code == 503 and word in answer.json()["detail"]

    def is_ready(self) -> bool:
        """Whether the daemon is ready."""
        return self._client.get("/readyz").status_code == 200

    def is_alive(self) -> bool:
        """Whether its loop turns."""
        return self._client.get("/livez").status_code == 200

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


async def test_while_the_journal_takes_nothing_no_call_is_sent_and_then_exactly_one(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender, bridge: Bridge
) -> None:
    blue = await programs.core(tmp_path / "payments.db", account, "--environment", "blue", queue="")
    folder = configure(tmp_path, account, endpoint_url=bridge.url, cores={"blue": blue.url})
    daemon = await programs.ready_daemon(folder)
    await sender.send(account.control_queue, rollout("dep-1"))
    await until(lambda: bool(entries(tmp_path, "deployment")), "the deployment is in the journal")
    with (
        closing(Readiness(daemon)) as readiness,
        closing(sqlite3.connect(tmp_path / "data" / "journal.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        await sender.send(account.payment_queue, packed(*(attempt(number, "failed") for number in range(60))))
        await until(lambda: acknowledged(tmp_path, "payment-events") == 60, "the failures are recorded")
        await until(lambda: readiness.is_refused_for("journal"), "the daemon says that it cannot write")
        assert (bridge.reached, entries(tmp_path, "intent")) == (0, [])
        other.execute("ROLLBACK")
        await until(lambda: bool(entries(tmp_path, "outcome")), "the rollback is carried out")
        await until(readiness.is_ready, "the daemon is ready again")
    assert await daemon.stop() == 0
    assert [len(entries(tmp_path, kind)) for kind in ("intent", "outcome")] == [1, 1]
    assert bridge.reached == 1
    assert verify(tmp_path / "data" / "journal.db").first_bad is None


async def test_a_full_disk_is_said_takes_nothing_over_and_loses_nothing_when_it_is_freed(
    tmp_path: Path, programs: Programs, account: Account, sender: Sender, bridge: Bridge
) -> None:
    blue = await programs.core(tmp_path / "payments.db", account, "--environment", "blue", queue="")
    folder = configure(tmp_path, account, endpoint_url=bridge.url, cores={"blue": blue.url})
    daemon = await programs.ready_daemon(folder)
    await sender.send(account.control_queue, rollout("dep-1"))
    await until(lambda: bool(entries(tmp_path, "deployment")), "the deployment is in the journal")
    with closing(Readiness(daemon)) as readiness:
        before = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
        # Every write to a file fails from now on, those of its log included.
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        await sender.send(account.payment_queue, packed(*(attempt(number, "failed") for number in range(60))))
        await until(lambda: readiness.is_refused_for("could not be"), "the daemon says that its disk refuses")
        assert readiness.is_alive()
        assert acknowledged(tmp_path, "payment-events") == 0
        assert (bridge.reached, entries(tmp_path, "finding")) == (0, [])
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, before)
        await until(lambda: bool(entries(tmp_path, "outcome")), "the failures are read again and acted on")
        await until(readiness.is_ready, "the daemon is ready again")
    assert await daemon.stop() == 0
    assert acknowledged(tmp_path, "payment-events") == 60
    assert bridge.reached == 1
    assert verify(tmp_path / "data" / "journal.db").first_bad is None
