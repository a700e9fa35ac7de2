"""One run: the system comes up, traffic and scenario play in it, the daemon catches up, and all goes down again."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from daemon.embedded.console_address import console_address
from daemon.embedded.faults import StackFailed
from daemon.embedded.layout import Layout
from daemon.embedded.processes import ministack
from daemon.embedded.processes.lock import lock_directory
from daemon.embedded.processes.ports import require_free
from daemon.embedded.processes.process import Launcher
from daemon.embedded.resources import Resources
from daemon.embedded.scenario.release import running_deployment
from daemon.embedded.session import Session
from daemon.embedded.stack import HOST, Stack, Wishes
from daemon.embedded.telling.follower import Follower
from daemon.embedded.telling.report import Report
from daemon.http.sessions.codes import CODE_MINUTES
from remediation.ports import Clock


class Stop:
    """What signals ask for: once, an ordered stop; twice, no waiting."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.hurry: Callable[[], None] | None = None

    def ask(self) -> None:
        """Handle one signal."""
        if self.asked.is_set() and self.hurry is not None:
            self.hurry()
        self.asked.set()


async def run(wishes: Wishes, stop: Stop, clock: Clock, say: Callable[[str], None]) -> Report | None:
    """Do the whole run; None when it was stopped before everything was up.

    Raises StackFailed, AwsFailed, NotUsable, RemediationError or sqlite3.Error; whatever was started is stopped first.
    """
    ministack.require_installed()
    layout = Layout(wishes.data_directory.absolute())
    async with AsyncExitStack() as cleanup:
        lock = await lock_directory(layout.root, clock, say)
        cleanup.callback(lock.release)
        require_free(HOST, wishes.port)
        layout.make()
        follower = Follower(layout.journal)
        cleanup.callback(follower.close)
        await follower.catch_up()
        stack = Stack(wishes, layout, Launcher((lock.descriptor,)), clock, say)
        stop.hurry = stack.kill
        cleanup.push_async_callback(stack.stop)
        resumed = running_deployment(follower.state, wishes.scenario.green.version)
        resources = await _unless_stopped(stack, stop.asked)
        if resources is None:
            return None
        say(f"console: {await console_address(stack.daemon_url, stack.token)}")
        say(f"it opens once, within {CODE_MINUTES} min; later, sign in with the token in {layout.console_token_file}")
        say(f"from a shell: tillwatch status{_where(layout, stack.daemon_url)}")
        with _leaf_faults():
            return await Session(wishes, layout, stack, follower, resumed, resources, clock, say).play(stop.asked)


def _where(layout: Layout, url: str) -> str:
    """What a command beside this run has to be told; nothing where it finds the run by itself."""
    if layout.root == Path("data").absolute():
        return ""
    return f' --url {url} --token "$(cat {layout.console_token_file})"'


async def _unless_stopped(stack: Stack, stop: asyncio.Event) -> Resources | None:
    """What start returns, or None when stop is set first."""
    with _leaf_faults():
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(stack.start(), name="start")
            stopping = group.create_task(stop.wait(), name="stop-signal")
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            was_stopped = not starting.done()
            starting.cancel()
            stopping.cancel()
    return None if was_stopped else starting.result()


@contextmanager
def _leaf_faults() -> Iterator[None]:
    """Raise what went wrong first in place of the groups that task groups wrap it in."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise _leaf(group) from group


def _leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """A fault that names its cause when there is one, or else the first."""
    leaves: list[BaseException] = []
    waiting: list[BaseException] = [group]
    while waiting:
        fault = waiting.pop(0)
        if isinstance(fault, BaseExceptionGroup):
            waiting += fault.exceptions
        else:
            leaves.append(fault)
    return next((leaf for leaf in leaves if isinstance(leaf, StackFailed)), leaves[0])
