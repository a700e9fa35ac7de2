"""Record against rail: one word of each region suffices, none at all and any contradiction do not."""

import pytest

from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.core_client import Reconciliation, ReleaseReconciliation
from daemon.rollbacks.rail import RecordsAgainstRail
from remediation.errors import WorldUnreachable


def told(mismatched: int = 0, unknown: int = 0, version: str = "2.0.0") -> Reconciliation:
    return Reconciliation([ReleaseReconciliation("green", version, "us-east-1", 20, unknown, mismatched, "pay_7")])


class Core:
    """Says this, or raises it."""

    def __init__(self, says: Reconciliation | Exception) -> None:
        self.says = says
        self.asked = 0

    async def reconciliation(self) -> Reconciliation:
        """See ReconcilingCore."""
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


AWAY = CoreUnreachable("green is away")
OLD = NotAsked("its key needs the scope health:probe")


@pytest.mark.parametrize(
    ("cores", "agrees", "words"),
    [
        ({"blue": told()}, True, "contradicts none of the 20 newest payments"),
        ({"blue": told(unknown=3)}, True, "of 3 it does not know yet"),
        ({"blue": told(mismatched=2)}, False, "2 of 2.0.0 on green in us-east-1 (such as pay_7)"),
        ({"blue": OLD, "green": told()}, True, "none of the 20"),
        ({"blue": AWAY, "green": told()}, True, "none of the 20"),
        ({"blue": told(), "us-west-2/blue": told(mismatched=1)}, False, "contradict the rail"),
        ({"blue": told(), "us-west-2/blue": OLD}, False, "payments in us-west-2 were not held against the rail"),
        ({"blue": OLD}, False, "health:probe"),
        ({}, False, "no core is known"),
    ],
)
async def test_what_the_cores_of_each_region_say_is_summed(
    cores: dict[str, Reconciliation | Exception], agrees: bool, words: str
) -> None:
    look = await RecordsAgainstRail({name: Core(says) for name, says in cores.items()}, "us-east-1").look()
    assert look.agrees is agrees
    assert words in look.detail


@pytest.mark.parametrize("other", [AWAY, OLD])
async def test_a_region_whose_cores_are_away_is_asked_again(other: Exception) -> None:
    rail = RecordsAgainstRail(
        {"blue": Core(told()), "us-west-2/a": Core(AWAY), "us-west-2/b": Core(other)}, "us-east-1"
    )
    with pytest.raises(WorldUnreachable, match="us-west-2"):
        await rail.look()


async def test_the_release_that_is_in_doubt_is_asked_last() -> None:
    blue, green = Core(told()), Core(told())
    rail = RecordsAgainstRail({"blue": blue, "green": green}, "us-east-1")
    await rail.look(doubted="blue")
    assert (blue.asked, green.asked) == (0, 1)
    await rail.look(doubted="green")
    assert (blue.asked, green.asked) == (1, 1)
