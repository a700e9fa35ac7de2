"""A daemon over a ground, driven up to a step."""

from tests.unit.remediation.deployment.ground import REGION, CrossedJournal, Daemon, Ground, daemon
from tests.unit.remediation.worlds import FakeClock


async def scene(*regions: str) -> tuple[Daemon, Ground, CrossedJournal]:
    """A daemon over a ground with these regions, or one."""
    ground = Ground(FakeClock()).stands(*(regions if regions else (REGION,)))
    journal = CrossedJournal()
    return await daemon(ground, journal), ground, journal


async def until(where: Daemon, step: str) -> None:
    """Tick until the step that ends so is being done or comes next."""
    for _ in range(500):
        await where.runner.tick()
        current = where.run.step
        assert current is not None
        if current.id.endswith(step):
            return
        await where.pass_time(1)
    raise AssertionError(step)
