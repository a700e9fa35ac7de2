"""What people do to a job that runs: pause it or end it, from any process; its runner hears it with its next batch."""

import msgspec

from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.errors import JobHeld
from payment_core.migration.model import MigrationRun
from payment_core.migration.names import JobName, JobState
from payment_core.store.port import LedgerStore, Transaction


async def pause(store: LedgerStore, claimant: Claimant, job: JobName, actor: str) -> None:
    """Stop after the batch under way; it goes on where it was when it is resumed. Raises JobHeld."""
    await store.transact(lambda transaction: _hold(transaction, claimant, job, JobState.PAUSED), actor)


async def cancel(store: LedgerStore, claimant: Claimant, job: JobName, actor: str) -> None:
    """End it after the batch under way; what was moved stays until it is undone. Raises JobHeld."""
    await store.transact(lambda transaction: _hold(transaction, claimant, job, JobState.CANCELED), actor)


def _hold(transaction: Transaction, claimant: Claimant, job: JobName, state: JobState) -> None:
    run = transaction.get(MigrationRun, job.value)
    if run is None or run.state not in {JobState.RUNNING, JobState.PAUSED}:
        raise JobHeld(f"{job.value} is {JobState.NEW.value if run is None else run.state.value}; it does not run.")
    if run.state is state:
        return
    transaction.put(msgspec.structs.replace(run, state=state, lease_until_ms=0, updated_at_ms=transaction.now_ms))
    claimant.note(
        transaction, job.value, "pause" if state is JobState.PAUSED else "cancel", f"after batch {run.batches}"
    )
