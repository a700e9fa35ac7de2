"""The read side: sources by what they bring, and readiness by what is wrong."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.senses.traffic_watch import TrafficWatch
from daemon.sources.sqs import SqsSource
from daemon.storage.quarantine import Quarantine
from daemon.view.changes import Changes
from daemon.view.series import PaymentSeries
from daemon.view.system import STALE_AFTER_MS, DaemonView
from tests.unit.daemon.pipeline_world import Line, line, payments
from tests.unit.daemon.sources.fakes import FakeQueue
from tests.unit.remediation.worlds import NOW_MS, scene


class Seen:
    """A view, the line behind it, and what the test turns."""

    def __init__(self, one: Line, source: SqsSource, quarantine: Quarantine) -> None:
        self.line = one
        self.source = source
        self.why = ""
        self.changes = Changes()
        self.view = DaemonView(
            clock=one.scene.clock,
            engine=lambda: one.pipeline.engine,
            writer=one.scene.writer,
            reader=one.scene.journal,
            checkpoint=one.checkpoint,
            payments=PaymentSeries(),
            watch=TrafficWatch(one.scene.world, one.scene.clock),
            polled=(source,),
            accepted_at_ms=one.pipeline.accepted_at_ms,
            quarantine=quarantine,
            changes=self.changes,
            observing=lambda: True,
            started_at_ms=NOW_MS,
            not_ready=lambda: self.why,
        )


@pytest.fixture
async def seen(tmp_path: Path) -> AsyncIterator[Seen]:
    quarantine = await Quarantine.open(tmp_path / "quarantine.db")
    async with line(tmp_path, await scene()) as one:
        source = SqsSource(FakeQueue([]), one.pipeline, quarantine, one.scene.clock, name="payment-events")
        yield Seen(one, source, quarantine)
    await quarantine.close()


async def test_a_source_is_not_stale_before_it_could_have_been_heard(seen: Seen) -> None:
    clock = seen.line.scene.clock
    assert [(one.name, one.last_fact_at_ms, one.stale) for one in seen.view.sources()] == [("payment-events", 0, False)]
    clock.at_ms = NOW_MS + STALE_AFTER_MS + 1
    assert [one.stale for one in seen.view.sources()] == [True]
    await seen.source.receive_once()
    assert [one.stale for one in seen.view.sources()] == [False]


async def test_what_only_comes_when_there_is_news_is_never_stale(seen: Seen) -> None:
    await seen.line.pipeline.accept(payments(3), "ingest")
    await seen.line.pipeline.accept(payments(3), "probes")
    seen.line.scene.clock.at_ms += STALE_AFTER_MS + 1
    sources = {one.name: one for one in seen.view.sources()}
    assert {name: one.stale for name, one in sources.items()} == {
        "ingest": False,
        "payment-events": True,
        "probes": True,
    }
    assert (sources["ingest"].consumed, sources["probes"].duplicates) == (3, 3)


async def test_it_is_ready_unless_something_says_why_not(seen: Seen) -> None:
    assert seen.view.ready() == (True, "")
    seen.why = "the lease ran out"
    assert seen.view.ready() == (False, "the lease ran out")


async def test_the_rest_is_what_the_parts_say(seen: Seen) -> None:
    await seen.line.pipeline.accept(payments(3), "ingest")
    assert [reading.samples for reading in seen.view.readings()] == [3]
    assert seen.view.observe_only()
    assert seen.view.state() is seen.line.scene.writer.state
    assert seen.view.now_ms() == NOW_MS
    assert list(await seen.view.journal(0, 10)) == await seen.line.scene.journal.read(0, 10)
    seen.changes.mark()
    assert await seen.view.changed(1) == 2
