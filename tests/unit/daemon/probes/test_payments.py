"""Only a payment that was taken and given back is healthy; whatever keeps it from that is told."""

import asyncio

import pytest

from daemon.clock import SystemClock
from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.core_client import HealthPayment
from daemon.probes.payments import HealthPaymentProbe

NOW_MS = 1_795_459_572_000


class Paying:
    """Answers as it is told; keys: what it was asked with."""

    def __init__(self, answer: HealthPayment | Exception | None) -> None:
        self._answer = answer
        self.keys: list[str] = []

    async def pay(self, key: str) -> HealthPayment:
        """See PaymentDoor."""
        self.keys.append(key)
        if self._answer is None:
            await asyncio.Event().wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        assert isinstance(self._answer, HealthPayment)
        return self._answer


def probe(**cores: Paying) -> HealthPaymentProbe:
    return HealthPaymentProbe(cores, SystemClock(), region="us-west-2", deadline_seconds=0.05)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (HealthPayment("voided", "authorized and voided in 80 ms", 80, "2.0.0"), "healthy"),
        (HealthPayment("voided", "authorized and voided in 2001 ms", 2001), "degraded"),
        (HealthPayment("holding", "the core is in holding mode"), "degraded"),
        (HealthPayment("undecided", "the rail has not answered in time"), "degraded"),
        (HealthPayment("not_voided", "authorized and then canceling"), "degraded"),
        (HealthPayment("declined", "the rail declined it"), "unhealthy"),
        (HealthPayment("failed", "it failed: release_fault"), "unhealthy"),
        (HealthPayment("", ""), "degraded"),
        (CoreUnreachable("refused"), "unhealthy"),
        (NotAsked("scope"), "unknown"),
        (ValueError("odd"), "unknown"),
        (None, "unknown"),
    ],
)
async def test_the_outcome_of_a_payment_is_the_health_of_its_environment(
    answer: HealthPayment | Exception | None, status: str
) -> None:
    fact = await probe(green=Paying(answer)).probe("green", NOW_MS)
    assert (fact.subject, fact.environment, fact.check, fact.region) == (
        "aws-payment-processor",
        "green",
        "payment",
        "us-west-2",
    )
    assert fact.status == status
    assert fact.detail
    if isinstance(answer, HealthPayment):
        assert fact.version == answer.version


async def test_every_environment_pays_once_with_a_key_of_its_own() -> None:
    blue, green = (Paying(HealthPayment("voided", "good")) for _ in range(2))
    made = probe(blue=blue, green=green)
    assert [fact.environment for fact in await made.probe_all(NOW_MS)] == ["blue", "green"]
    await made.probe("blue", NOW_MS, number=1)
    assert len({*blue.keys, *green.keys}) == len(blue.keys) + len(green.keys) == 3
