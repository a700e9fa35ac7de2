"""The heart's beat goes out with its time and comes back as a fact; one that cannot be sent ends nothing."""

import json
from collections.abc import Mapping

import pytest

from checks.facts import Heartbeat
from daemon.errors import AwsFailed, Untranslatable
from daemon.senses.heart import Heart
from daemon.senses.sightings import HEART, Sightings
from daemon.translate.message import translate
from tests.unit.daemon.probes.test_monitoring import NOW_MS, Clock

ACCOUNT = "000000000000"


class Bus:
    """Keeps what it is given, or refuses it."""

    def __init__(self, fault: AwsFailed | None = None) -> None:
        self._fault = fault
        self.put_events: list[dict[str, object]] = []

    async def put(self, source: str, detail_type: str, detail: Mapping[str, object]) -> None:
        """See Bus."""
        if self._fault is not None:
            raise self._fault
        self.put_events.append({"source": source, "detail-type": detail_type, "detail": detail})


def envelope(event: dict[str, object], **changes: object) -> str:
    """As EventBridge delivers it."""
    known = {"id": "e1", "account": ACCOUNT, "time": "2026-11-23T18:46:12Z", "region": "us-east-1", "resources": []}
    return json.dumps(known | event | changes)


async def test_a_beat_comes_back_as_the_fact_of_when_it_was_sent() -> None:
    bus, seen = Bus(), Sightings()
    await Heart(bus, seen, Clock()).beat()
    assert seen.beat_sent_at_ms == NOW_MS
    (fact,) = translate(envelope(bus.put_events[0]), ACCOUNT).facts
    assert isinstance(fact, Heartbeat)
    assert (fact.subject, fact.at_ms, fact.interval_seconds) == (HEART, NOW_MS, 10.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "aws.cloudwatch"},
        {"account": "111111111111"},
        {"detail": {"subject": "", "sent_at_ms": 1, "interval_seconds": 5}},
        {"detail": {"subject": "x", "sent_at_ms": 1, "interval_seconds": 0}},
        {"detail": {"subject": "x"}},
    ],
)
async def test_a_forged_or_broken_beat_is_refused(changes: dict[str, object]) -> None:
    bus = Bus()
    await Heart(bus, Sightings(), Clock()).beat()
    with pytest.raises(Untranslatable):
        translate(envelope(bus.put_events[0], **changes), ACCOUNT)


async def test_a_beat_that_is_not_taken_is_counted_and_not_noted_as_sent() -> None:
    seen = Sightings()
    heart = Heart(Bus(AwsFailed("Throttling")), seen, Clock())
    await heart.beat()
    await heart.beat()
    assert (heart.failures, seen.beat_sent_at_ms) == (2, 0)
