"""What the daemon does so that others, and it itself, know that it works: heartbeats, sightings, health metrics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from checks.facts import HealthProbed
from daemon.senses.heart import Heart
from daemon.senses.metric_outlet import MetricOutlet, health_data
from daemon.senses.sightings import Sightings, write_sightings
from daemon.supervisor import Task


@runtime_checkable
class Drained(Protocol):
    """A source that knows up to when its queue was seen to its end."""

    @property
    def name(self) -> str:
        """What its facts are counted under."""

    @property
    def caught_up_at_ms(self) -> int:
        """What was sent before that waits no more; 0 before the first answer."""


@dataclass(slots=True)
class Senses:
    """data_dir: where the sightings are kept. outlet: None when no metrics go to CloudWatch.

    latest: the newest health check, empty before the first.
    """

    data_dir: Path
    sightings: Sightings
    heart: Heart
    outlet: MetricOutlet | None
    latest: tuple[HealthProbed, ...] = ()

    def tell(self, facts: Iterable[HealthProbed]) -> None:
        """Remember a health check, and have it published as metrics; never waits."""
        self.latest = tuple(facts)
        if self.outlet is not None:
            self.outlet.offer(health_data(self.latest))

    async def keep(self, sources: Sequence[object]) -> None:
        """Write down what was seen, where a command and the daemon after this one find it."""
        drained = [source for source in sources if isinstance(source, Drained)]
        self.sightings.note_queues({source.name: source.caught_up_at_ms for source in drained})
        await write_sightings(self.data_dir, self.sightings)

    def tasks(self) -> list[Task]:
        """What runs for as long as the daemon does."""
        return [] if self.outlet is None else [Task("cloudwatch-metrics", self.outlet.run)]
