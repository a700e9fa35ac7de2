"""``tillwatch vault``: the keys that protect numbers, looked at, replaced and destroyed while the core runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Self, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from daemon.cli.core.store import Actor, over_a_sealed_store
from daemon.cli.options import Json
from daemon.cli.output import Exit, errors, fail, print_json, say
from payment_core.assembly.vault_upkeep import Custodian, VaultStatus, VaultUpkeep, vault_upkeep
from payment_core.errors import CoreError, DatabaseUnusable
from payment_core.options import CoreOptions
from payment_core.store.dynamodb.errors import LayoutMismatch
from payment_core.vault.access import AccessRefused
from payment_core.vault.errors import DataKeyGone, DataKeyInUse, KeyFileUnusable
from payment_core.vault.keys.port import KeyState
from payment_core.vault.records import MoveProgress

T = TypeVar("T")

vault_app = typer.Typer(no_args_is_help=True, help="The vault: its keys, new ones, and the end of old ones.")

Role = Annotated[str, typer.Option(help="Role in which you do it: key_custodian.")]
Reason = Annotated[str, typer.Option(help="Why; goes on record.")]


@vault_app.command("status")
@over_a_sealed_store
def status_command(
    *,
    options: CoreOptions,
    as_json: Json = False,
) -> None:
    """Show the key service's state and the data keys; exit 1 when numbers cannot be encrypted now."""
    status = _upkeep(options, lambda upkeep: upkeep.status())
    if as_json:
        print_json(status)
    else:
        _tell(status)
    if status.key_state is not KeyState.ENABLED:
        raise typer.Exit(Exit.NO)


@vault_app.command("rotate")
@over_a_sealed_store
def rotate_command(
    *,
    options: CoreOptions,
    as_json: Json = False,
) -> None:
    """Protect every data key by a new master key; what was interrupted goes on. Exit 1 when one was damaged."""

    async def rotate(upkeep: VaultUpkeep) -> MoveProgress:
        status = await upkeep.status()
        with _Bar("data keys", len(status.data_keys)) as bar:
            return await upkeep.rotate(bar.on_batch)

    done = _upkeep(options, rotate)
    if as_json:
        print_json(done)
    else:
        say(f"{done.moved} data keys are protected by the newest master key, {done.damaged} are damaged")
    if done.damaged > 0:
        raise typer.Exit(Exit.NO)


@vault_app.command("reencrypt")
@over_a_sealed_store
def reencrypt_command(
    *,
    options: CoreOptions,
    as_json: Json = False,
) -> None:
    """Seal the key of every number under a new data key; what was interrupted goes on. Exit 1 when one was damaged."""

    async def reencrypt(upkeep: VaultUpkeep) -> tuple[MoveProgress, ...]:
        status = await upkeep.status()
        with _Bar("numbers", status.numbers) as bar:
            return await upkeep.reencrypt(bar.on_batch)

    done = _upkeep(options, reencrypt)
    moved, damaged = sum(each.moved for each in done), sum(each.damaged for each in done)
    if as_json:
        print_json({"moved": moved, "damaged": damaged, "data_keys": done})
    else:
        say(f"{moved} numbers are under a new data key, {damaged} are damaged and stay as they were")
        say("  a core that runs seals under its own data key until its hour is over; run this again after that")
    if damaged > 0:
        raise typer.Exit(Exit.NO)


@vault_app.command("retire")
@over_a_sealed_store
def retire_command(
    data_keys: Annotated[list[str], typer.Argument(metavar="DATA_KEY...", help="Ids of data keys, see status.")],
    *,
    role: Role,
    actor: Actor,
    reason: Reason,
    options: CoreOptions,
    as_json: Json = False,
) -> None:
    """Destroy data keys that protect nothing any more; exit 1 when one is kept because it may still be needed."""
    custodian = _custodian(role, actor, reason)
    done = _upkeep(options, lambda upkeep: upkeep.retire(data_keys, custodian))
    if as_json:
        print_json(done)
    else:
        say(f"{len(done.retired)} data keys are destroyed, {len(done.kept)} are kept")
        for kept in done.kept:
            say(f"  {kept.id}: {kept.why}")
    if done.kept:
        raise typer.Exit(Exit.NO)


@vault_app.command("shred")
@over_a_sealed_store
def shred_command(
    data_key: Annotated[str, typer.Argument(metavar="DATA_KEY", help="Id of a data key, see status.")],
    *,
    role: Role,
    actor: Actor,
    reason: Reason,
    yes: Annotated[
        bool, typer.Option("--force", "--yes", help="Do it; without this, only say how many numbers are lost.")
    ] = False,
    options: CoreOptions,
    as_json: Json = False,
) -> None:
    """Destroy a data key with every number that it protects, for ever; without --force say how many, and exit 1."""
    custodian = _custodian(role, actor, reason)

    async def shred(upkeep: VaultUpkeep) -> int:
        numbers = await upkeep.numbers_under(data_key)
        if yes:
            await upkeep.shred(data_key, custodian)
        return numbers

    numbers = _upkeep(options, shred)
    if as_json:
        print_json({"data_key": data_key, "numbers": numbers, "shredded": yes})
    elif yes:
        say(f"{data_key} is destroyed; {numbers} numbers can never be read again")
    else:
        say(f"{data_key} protects {numbers} numbers, which could never be read again; nothing was done")
        say("  to destroy it, run this with --force")
    if not yes:
        raise typer.Exit(Exit.NO)


class _Bar:
    """A line on stderr that shows how far a job is; nothing when stderr is no terminal."""

    def __init__(self, what: str, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=errors, disable=not errors.is_terminal)
        self._task: TaskID = self._progress.add_task(what, total=total)
        self._by_job: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def on_batch(self, progress: MoveProgress) -> None:
        """Show what a batch did."""
        self._by_job[progress.job] = progress.moved + progress.damaged
        self._progress.update(self._task, completed=sum(self._by_job.values()))


def _custodian(role: str, actor: str, reason: str) -> Custodian:
    """Who it is, named as a person beside the core: an API key's name is another one's."""
    return Custodian(actor=f"operator:{actor.strip()}" if actor.strip() != "" else "", role=role, reason=reason)


def _upkeep(options: CoreOptions, act: Callable[[VaultUpkeep], Awaitable[T]]) -> T:
    async def run() -> T:
        async with vault_upkeep(options) as upkeep:
            return await act(upkeep)

    try:
        return asyncio.run(run())
    except KeyFileUnusable as error:
        fail(f"{error}\n  fix: where a KMS has the keys, as under `up`, name it with --kms-key", Exit.BAD_INPUT)
    except (DatabaseUnusable, DataKeyGone, LayoutMismatch) as error:
        fail(str(error), Exit.BAD_INPUT)
    except (AccessRefused, DataKeyInUse) as error:
        fail(str(error), Exit.NO)
    except CoreError as error:
        again = " Run the command again; it goes on where it stopped." if error.retryable else ""
        fail(f"{error}{again}", Exit.WORLD_REFUSED)


def _tell(status: VaultStatus) -> None:
    say(f"master key: {status.key_state.value} ({status.key_service}); {status.numbers} numbers")
    for key in status.data_keys:
        moving = "" if key.moving is None else f", {key.moving.moved} moved away by an unfinished run"
        say(f"  {key.id}  {key.purpose:<12}{key.numbers:>8} numbers{moving}")
    if status.rewrapping is not None:
        say(f"  a rotation is unfinished after {status.rewrapping.moved} data keys; run: tillwatch vault rotate")
