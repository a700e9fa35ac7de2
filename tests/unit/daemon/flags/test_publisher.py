"""Publishing: at once, renewed, after every gap of the broker, and always what the journal says now."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from daemon.flags.publisher import RENEW_SECONDS, FlagPublisher
from payment_core.flags.envelope import BYTES_MAX, Envelope, checkers_of, open_envelope
from payment_core.flags.errors import EnvelopeRefused
from remediation.flags.model import FlagChange
from remediation.flags.state import FlagBook
from tests.unit.daemon.flags.flag_house import SIGNER, FlagHouse, flag_house, report
from tests.unit.remediation.worlds import DyingJournal, FakeClock


def opened(body: bytes) -> Envelope:
    return open_envelope(body, checkers_of([SIGNER.public_key]))


@asynccontextmanager
async def publishing(one: FlagHouse) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.parts.publisher.run(), name="publisher")
        yield
        task.cancel()


async def test_the_first_thing_that_a_broker_hears_is_the_version_of_the_journal() -> None:
    one = await flag_house()
    async with publishing(one):
        [body] = await one.broker.until(1)
    envelope = opened(body)
    assert (envelope.version, envelope.issued_at_ms) == (one.version, one.now_ms)
    assert one.parts.publisher.status.version == one.version


async def test_a_change_is_published_without_waiting_for_a_renewal() -> None:
    one = await flag_house()
    async with publishing(one):
        await one.broker.until(1)
        await one.done(FlagChange.KILL)
        bodies = await one.broker.until(2)
    assert [opened(body).version for body in bodies] == [one.version - 1, one.version]


async def test_a_daemon_that_died_between_the_entry_of_a_kill_and_its_publishing_publishes_it_when_it_starts() -> None:
    journal = DyingJournal("flag.changed", RuntimeError("killed"), written=True)
    died = await flag_house(journal=journal)
    with pytest.raises(RuntimeError, match="killed"):
        await died.ask(FlagChange.KILL)
    assert died.broker.bodies == []
    journal.fault = None
    # Whoever comes next has to wait for the lease to be over.
    await journal.release_lease(died.writer.lease)
    one = await flag_house(journal=journal)
    async with publishing(one):
        [body] = await one.broker.until(1)
    served = json.loads(opened(body).document)["flags"]["payouts"]
    assert (served["defaultVariant"], served["metadata"]["killed"]) == ("off", True)


async def test_a_change_during_a_gap_of_the_broker_is_published_when_it_is_back() -> None:
    one = await flag_house()
    one.broker.away = True
    async with publishing(one):
        await one.done(FlagChange.KILL)
        assert one.broker.bodies == []
        one.broker.away = False
        [body] = await one.broker.until(1)
    assert opened(body).version == one.version


async def test_a_connection_that_ends_is_made_again_and_the_document_is_sent_again() -> None:
    one = await flag_house()
    async with publishing(one):
        await one.broker.until(1)
        one.broker.drop()
        bodies = await one.broker.until(2)
    assert one.broker.connections == 2
    assert len({opened(body).version for body in bodies}) == 1


async def test_what_processes_report_is_heard_and_what_none_can_mean_is_counted() -> None:
    one = await flag_house()
    async with publishing(one):
        await one.broker.until(1)
        one.broker.report(b"not json")
        one.broker.report(msgspec.json.encode(report("core-1", one.version)))
        one.broker.drop()
        await one.broker.until(2)
    assert one.parts.publisher.unreadable_reports == 1
    assert one.parts.followers.propagation(one.version, one.version, one.now_ms).serving == ("core-1",)


async def test_a_document_is_sealed_anew_each_minute_under_the_same_version() -> None:
    one = await flag_house()
    first, again = one.parts.publisher.sealed(), one.parts.publisher.sealed()
    assert first is again
    one.clock.at_ms += round(RENEW_SECONDS * 1000)
    renewed = one.parts.publisher.sealed()
    assert first is not None
    assert renewed is not None
    assert (renewed.version, renewed.issued_at_ms - first.issued_at_ms) == (first.version, 60_000)
    assert renewed.etag != first.etag


async def test_without_a_document_there_is_nothing_to_publish_and_without_a_broker_nobody_to_tell() -> None:
    one = await flag_house()
    publisher = FlagPublisher(FlagBook, SIGNER, None, one.parts.followers, FakeClock())
    assert publisher.sealed() is None
    assert publisher.status.broker is False
    async with asyncio.TaskGroup() as group:
        task = group.create_task(publisher.run(), name="publisher")
        await asyncio.sleep(0)
        assert not task.done()
        task.cancel()


async def test_a_document_that_is_too_large_to_be_sent_is_said_to_be() -> None:
    one = await flag_house()
    large = FlagBook(version=1, document='{"flags": {}, "metadata": {"text": "' + "x" * BYTES_MAX + '"}}')
    publisher = FlagPublisher(lambda: large, SIGNER, one.broker, one.parts.followers, FakeClock())
    with pytest.raises(EnvelopeRefused):
        publisher.sealed()
