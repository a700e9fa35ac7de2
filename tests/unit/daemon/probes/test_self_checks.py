"""What the environments say of themselves, put together: the worst counts, and one that is away hides nothing."""

from collections.abc import Mapping

import pytest

from daemon.errors import CoreUnreachable, DaemonError, NotAsked
from daemon.probes.core_client import SelfCheck
from daemon.probes.looking import Observed
from daemon.probes.self_checks import look_at_cores, look_at_shared

GOOD = SelfCheck("healthy", "all is well")
BAD = SelfCheck("unhealthy", "an escrow is wrong", ("an escrow is wrong", "a timer is stuck"))
DEGRADED = SelfCheck("degraded", "slow", ("slow",))
AWAY = CoreUnreachable("refused")


class Checking:
    """Answers as it is told."""

    def __init__(self, answer: SelfCheck | DaemonError) -> None:
        self._answer = answer

    async def self_check(self, component: str) -> SelfCheck:
        """See SelfCheckDoor."""
        assert component == "escrow-manager"
        if isinstance(self._answer, DaemonError):
            raise self._answer
        return self._answer


async def look(answers: Mapping[str, SelfCheck | DaemonError]) -> Observed:
    cores = {environment: Checking(answer) for environment, answer in answers.items()}
    return await look_at_cores(cores, "escrow-manager")()


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, Observed("unknown", "no core is configured")),
        ({"blue": GOOD}, Observed("healthy", "blue: all is well")),
        ({"blue": GOOD, "green": GOOD}, Observed("healthy", "blue, green: all is well")),
        ({"blue": GOOD, "green": DEGRADED}, Observed("degraded", "green: slow", ("green: slow",))),
        ({"blue": GOOD, "green": AWAY}, Observed("healthy", "blue: all is well")),
        (
            {"blue": BAD, "green": AWAY},
            Observed(
                "unhealthy",
                "blue: an escrow is wrong",
                ("blue: an escrow is wrong", "blue: a timer is stuck"),
            ),
        ),
        ({"blue": AWAY, "green": AWAY}, Observed("unhealthy", f"blue, green: {AWAY}")),
        ({"blue": NotAsked("scope")}, Observed("unknown", f"blue: {NotAsked('scope')}")),
        ({"blue": NotAsked("scope"), "green": GOOD}, Observed("unknown", f"blue: {NotAsked('scope')}")),
    ],
)
async def test_the_worst_environment_that_answers_counts(
    answers: Mapping[str, SelfCheck | DaemonError], expected: Observed
) -> None:
    assert await look(answers) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, Observed("unknown", "no core is configured")),
        ({"blue": GOOD, "green": BAD}, Observed("healthy", "all is well")),
        ({"blue": BAD}, Observed("unhealthy", BAD.detail, BAD.findings)),
        ({"blue": AWAY, "green": BAD}, Observed("unhealthy", BAD.detail, BAD.findings)),
        ({"blue": NotAsked("scope"), "green": GOOD}, Observed("healthy", "all is well")),
        ({"blue": SelfCheck("unknown", "too old"), "green": AWAY}, Observed("unknown", str(AWAY))),
        ({"blue": AWAY}, Observed("unknown", str(AWAY))),
    ],
)
async def test_of_what_cores_share_the_first_that_can_say_it_speaks_for_all(
    answers: Mapping[str, SelfCheck | DaemonError], expected: Observed
) -> None:
    cores = {environment: Checking(answer) for environment, answer in answers.items()}
    assert await look_at_shared(cores, "escrow-manager")() == expected
