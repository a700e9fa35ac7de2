"""Opens what comes after a bad release: rollbacks by hand, how long each took, and the payments to be put right."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from config.settings import Settings
from daemon.aftermath.affected import AffectedPayments
from daemon.aftermath.compensations import Compensations
from daemon.aftermath.measuring import RollbackMeasuring
from daemon.cores.api import CoreApi
from daemon.cores.payments import CorePayments
from daemon.cores.token import read_core_token
from daemon.pipeline import Pipeline
from daemon.probes.opened import Probes
from daemon.rollbacks.desk import RollbackDesk
from daemon.rollbacks.drill import Drill
from daemon.rollbacks.foresight import Foresight
from daemon.rollbacks.notice import Notices
from daemon.rollbacks.parts import RollbackParts
from daemon.rollbacks.rail import RecordsAgainstRail
from daemon.rollbacks.release_flags import ReleaseFlags
from daemon.rollbacks.works import Works
from daemon.storage.checkpoint import Checkpoint
from remediation.compensation.applying import Compensating
from remediation.deployment.ports import Environments
from remediation.executor import Executor
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Traffic
from remediation.rollback.running import Rollbacks


async def open_rollbacks(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    writer: JournalWriter,
    executor: Executor,
    pipeline: Pipeline,
    checkpoint: Checkpoint,
    environments: Environments,
    probes: Probes,
    traffic: Mapping[str, Traffic],
    flags: ReleaseFlags,
    clock: Clock,
) -> RollbackParts:
    """Everything over the parts of a daemon; connections are closed when the stack is. Raises NotUsable."""
    urls = [target.url for target in settings.cores.values()]
    books = CorePayments(await stack.enter_async_context(CoreApi(urls, await read_core_token(settings))))
    affected = AffectedPayments(checkpoint, books)
    compensations = Compensations(
        affected, Compensating(books, writer, clock), writer, clock, lambda: pipeline.policy.approvals
    )
    works = Works(
        writer=writer,
        executor=executor,
        policy=lambda: pipeline.policy,
        affected=affected,
        compensations=compensations,
        environments=environments,
        traffic=traffic,
        probe=probes.components.probe,
        rail=RecordsAgainstRail(dict(zip(settings.cores, probes.clients, strict=True)), settings.aws.region),
        flags=flags,
        notices=Notices(settings.data_dir / "reports"),
        region=settings.aws.region,
        clock=clock,
    )
    rollbacks = Rollbacks(writer, works.by_step(), clock)
    desk = RollbackDesk(writer, rollbacks, lambda: pipeline.policy, clock)
    return RollbackParts(
        desk=desk,
        foresight=Foresight(desk, writer, executor, lambda: pipeline.policy, clock),
        rollbacks=rollbacks,
        compensations=compensations,
        measuring=RollbackMeasuring(checkpoint, writer, clock),
        drill=Drill(
            traffic,
            lambda region: probes.core.in_region(region) if len(traffic) > 1 else probes.core,
            lambda: pipeline.policy,
            executor,
            writer,
            clock,
        ),
    )
