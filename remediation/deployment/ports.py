"""What a deployment needs of the world: environments to put a version into, gates to read, and work for each step."""

from typing import Protocol

import msgspec

from remediation.deployment.findings import GateReading, StepReport
from remediation.deployment.plan import Plan, Step
from remediation.ports import Look


class EnvironmentState(msgspec.Struct, frozen=True, kw_only=True):
    """One environment of one region as the world shows it.

    version: what is or will be run there. desired, running, healthy: instances. settled: the newest change has ended
    and all of ``desired`` are healthy. failed: why it never will, such as a circuit breaker; empty otherwise.
    """

    version: str
    desired: int
    running: int
    healthy: int
    settled: bool
    failed: str = ""
    detail: str = ""


class Environments(Protocol):
    """Where versions of the payment core run. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def look(self, region: str, environment: str) -> EnvironmentState | None:
        """What is there now; None when the environment does not exist."""

    async def deploy(self, region: str, environment: str, version: str, size: int, key: str) -> None:
        """Let it run this version with this many instances, absolutely; returns before it has settled."""

    async def resize(self, region: str, environment: str, size: int, key: str) -> None:
        """Let it have this many instances of what it runs; 0 keeps what is needed to start it again."""


class CohortRoute(msgspec.Struct, frozen=True, kw_only=True):
    """Who is routed where by name. cohort: as in a Request, such as ``merchant=mer_12``."""

    cohort: str
    environment: str


class Cohorts(Protocol):
    """Routes one cohort of a region past the weights. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def read(self, region: str) -> CohortRoute | None:
        """Who is routed now; None when everybody goes by the weights."""

    async def route(self, region: str, route: CohortRoute, key: str) -> None:
        """Let this cohort, and no other, go to the environment; doing it twice is doing it once."""

    async def clear(self, region: str, key: str) -> None:
        """Let everybody go by the weights; no cohort is no error."""


class StepContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a step's work may go by.

    began_at_ms: when this step began, or a person gave it the whole of its time once more. attempts: how often this
    process performed it before. spent_ms: how much of its time it has used, pauses left out. between: whether gates are
    read for it while another step is done or waited for, so that only a breach counts.
    """

    plan: Plan
    step: Step
    began_at_ms: int
    attempts: int = 0
    spent_ms: int = 0
    between: bool = False


class Gates(Protocol):
    """Reads what tells a good release from a bad one."""

    async def read(self, context: StepContext) -> tuple[GateReading, ...]:
        """Every gate of this moment, in a stable order; one that cannot be read is ``no_data``, not an error."""


class StepWork(Protocol):
    """Does one kind of step. Both methods may raise WorldUnreachable or WorldRefused."""

    async def probe(self, context: StepContext) -> Look:
        """Whether the effect is there already; a step that only looks is never in effect. Changes nothing."""

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """Do it, or look once; absolute, with the same key for every repetition."""
