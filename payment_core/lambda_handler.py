"""The payment core as Lambda functions on DynamoDB: ``handler`` answers requests, ``jobs_handler`` a schedule."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec
import structlog
from pydantic import ValidationError

from payment_core.assembly.core import Core, running_core
from payment_core.aws.container import Container, Context, Event
from payment_core.aws.errors import JobsFailed, OptionsUnusable
from payment_core.flags.arriving.polling import Polling
from payment_core.http.app import Application
from payment_core.http.asgi import Receive, Scope, Send
from payment_core.logs import configure_logs
from payment_core.options import CoreOptions, complaints

log = structlog.get_logger()

PREFIX = "TILL_CORE_"
"""``TILL_CORE_TABLE`` sets the option ``table``, and so on for every option."""

_DEFAULTS = {"store": "dynamodb", "rail_records": "memory"}
"""A container has no disk that lasts."""


def options_from_environment(environment: Mapping[str, str]) -> CoreOptions:
    """The options that the variables name; raises OptionsUnusable for an unknown or impossible one."""
    given = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    region = {"region": environment["AWS_REGION"]} if "AWS_REGION" in environment else {}
    try:
        return CoreOptions.model_validate({**_DEFAULTS, **region, **given}, strict=False)
    except ValidationError as error:
        wrong = "; ".join(f"{PREFIX}{name.upper()}: {what}" for name, what in complaints(error))
        raise OptionsUnusable(wrong) from error


class JobsDone(msgspec.Struct, frozen=True):
    """What a scheduled run did. faults: of the jobs that failed, by name; the next run tries them again."""

    done: int
    faults: dict[str, int]


class Polled:
    """An application that looks for newer flags before an event when the last look is 15 s old.

    Between events a container is frozen, so nothing can look in the background, and no broker would be listened to.
    """

    def __init__(self, app: Application, polling: Polling) -> None:
        self._app = app
        self._polling = polling

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one event."""
        await self._polling.run_if_due()
        await self._app(scope, receive, send)


class Function:
    """One core, opened from the environment by the container's first event."""

    def __init__(self) -> None:
        self._core: Core | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Application | Polled]:
        """The application over what the environment names."""
        configure_logs()
        async with running_core(options_from_environment(os.environ), _died) as (core, app):
            self._core = core
            polling = core.flagging.polling
            yield app if polling is None else Polled(app, polling)
        self._core = None

    async def run_jobs(self) -> JobsDone:
        """Run every background job once."""
        if self._core is None:
            raise LookupError("run_jobs is called while the core is open")
        rota = self._core.rota
        before = rota.counts.faults.copy()
        done = await rota.run_all_once()
        return JobsDone(done, dict(rota.counts.faults - before))


def _died(name: str) -> None:
    log.error("background work ended", action="background_died", task=name)


_FUNCTION = Function()
_CONTAINER = Container(_FUNCTION.open)


def handler(event: Event, context: Context) -> Event:
    """Answer one event of API Gateway or of a load balancer."""
    return _CONTAINER.handle(event, context)


def jobs_handler(_event: Event, _context: Context) -> Event:
    """Run every background job once, for a function that a schedule calls each minute (EventBridge Scheduler).

    Raises JobsFailed when one failed, after all of them ran, so that Lambda counts an error.
    """
    done = _CONTAINER.run(_FUNCTION.run_jobs)
    if done.faults:
        raise JobsFailed(", ".join(sorted(done.faults)))
    return {"done": done.done}
