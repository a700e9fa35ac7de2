"""The payment core as a Lambda function: ``handler`` behind API Gateway or a load balancer, on DynamoDB."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from pydantic import ValidationError

from payment_core.assembly.core import running_core
from payment_core.aws.container import Container, Context, Event
from payment_core.aws.errors import OptionsUnusable
from payment_core.http.app import Application
from payment_core.logs import configure_logs
from payment_core.options import CoreOptions

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
        wrong = "; ".join(
            f"{PREFIX}{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}" for each in error.errors()
        )
        raise OptionsUnusable(wrong) from error


@asynccontextmanager
async def _open() -> AsyncIterator[Application]:
    """The application over what the environment names."""
    configure_logs()
    async with running_core(options_from_environment(os.environ), _died) as (_, app):
        yield app


def _died(name: str) -> None:
    log.error("background work ended", action="background_died", task=name)


_CONTAINER = Container(_open)


def handler(event: Event, context: Context) -> Event:
    """Answer one event of API Gateway or of a load balancer."""
    return _CONTAINER.handle(event, context)
