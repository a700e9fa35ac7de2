"""The component of flags as its probe finds it: readable everywhere, and the same everywhere."""

import pytest

from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.flags import look_at_flags
from payment_core.flags.envelope import Report


class Core:
    """A payment core that is asked. answer: what it says, or how it does not."""

    def __init__(self, answer: Report | Exception) -> None:
        self._answer = answer

    async def flags_served(self) -> Report:
        """See FlagCore."""
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def serves(version: int, source: str = "mqtt", missing: tuple[str, ...] = ()) -> Core:
    return Core(
        Report(
            process="p",
            region="us-east-1",
            environment="blue",
            release="1.0.0",
            version=version,
            applied_at_ms=1,
            source=source,
            missing=missing,
        )
    )


@pytest.mark.parametrize(
    ("cores", "status", "part"),
    [
        ({}, "unknown", "no core is configured"),
        ({"blue": serves(7), "green": serves(7)}, "healthy", "blue, green: version 7 (mqtt)"),
        ({"blue": serves(7), "green": serves(6)}, "degraded", "green serves 6"),
        ({"blue": serves(0, "none")}, "unhealthy", "it has no document"),
        ({"blue": serves(7), "green": serves(7, missing=("payouts",))}, "unhealthy", "green: answered with safe"),
        ({"blue": Core(NotAsked("403"))}, "unknown", "403"),
        ({"blue": Core(CoreUnreachable("away"))}, "unhealthy", "away"),
        ({"blue": serves(7), "green": Core(CoreUnreachable("away"))}, "healthy", "version 7"),
    ],
)
async def test_flags_are_as_well_as_the_worst_that_answers(cores: dict[str, Core], status: str, part: str) -> None:
    seen = await look_at_flags(cores)()
    assert seen.status == status
    assert part in seen.detail
