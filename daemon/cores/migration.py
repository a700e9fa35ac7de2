"""The payment core's migration: how it stands, jobs that are started, and what has to be shown before cut-over."""

from contextlib import AsyncExitStack

import msgspec

from config.settings import Settings
from daemon.cores.api import CoreApi, decoded
from daemon.cores.token import read_core_token
from remediation.deployment.gates.migration import JobStanding, MigrationStanding
from remediation.deployment.works.migrating import JobOrder

_NOT_YET = "return-still-needed"


class _Sum(msgspec.Struct, frozen=True):
    currency: str
    amount: int


class _Side(msgspec.Struct, frozen=True):
    sums: tuple[_Sum, ...] = ()


class _Status(msgspec.Struct, frozen=True):
    source: _Side = _Side()
    why: str = ""


class _Job(msgspec.Struct, frozen=True, kw_only=True):
    job: str
    wanted: str
    export: str
    state: str
    read: int
    moved: int
    quarantined: int
    total: int
    balanced: bool | None
    fault: str
    status: _Status = _Status()


class _DualWrite(msgspec.Struct, frozen=True):
    waiting: int


class _CatchUp(msgspec.Struct, frozen=True):
    lag_ms: int | None


class _Comparison(msgspec.Struct, frozen=True, kw_only=True):
    stated_seconds: int
    at_least: int
    equal: int
    equal_for_ms: int
    unreadable: int
    open_differences: int


class _CutOver(msgspec.Struct, frozen=True):
    allowed: bool
    wanting: tuple[str, ...]
    way_back: bool


class _Migration(msgspec.Struct, frozen=True, kw_only=True):
    jobs: tuple[_Job, ...]
    dual_write: _DualWrite
    catch_up: _CatchUp
    comparison: _Comparison
    cut_over: _CutOver


_MIGRATION = msgspec.json.Decoder(_Migration)


class CoreMigration:
    """The port Migrations; scopes migration:read and migration:write."""

    def __init__(self, api: CoreApi) -> None:
        self._api = api

    async def standing(self) -> MigrationStanding:
        """See Migrations."""
        found = decoded(_MIGRATION, await self._api.ask("GET", "/v1/migration"))
        comparison = found.comparison
        return MigrationStanding(
            jobs=tuple(_job(one) for one in found.jobs),
            lag_ms=found.catch_up.lag_ms,
            equal=comparison.equal,
            at_least=comparison.at_least,
            equal_for_ms=comparison.equal_for_ms,
            stated_ms=comparison.stated_seconds * 1000,
            open_differences=comparison.open_differences,
            unreadable=comparison.unreadable,
            waiting=found.dual_write.waiting,
            wanting=found.cut_over.wanting,
            allowed=found.cut_over.allowed,
            way_back=found.cut_over.way_back,
        )

    async def start(self, order: JobOrder, key: str) -> str:
        """See Migrations."""
        body = {
            "export": order.export,
            "records_per_second": order.records_per_second,
            "threads": order.threads,
            "point_of_no_return": order.point_of_no_return,
        }
        answer = await self._api.ask("POST", f"/v1/migration/jobs/{order.job}/start", body, key, known=_NOT_YET)
        return "" if answer is not None else "the way back is still needed, because the comparison has not shown all"

    async def state(self, equal_for_ms: int, at_least: int, key: str) -> None:
        """See Migrations."""
        body = {"equal_for_seconds": -(-equal_for_ms // 1000), "at_least": at_least}
        await self._api.ask("POST", "/v1/migration/comparison", body, key)


async def open_migration(stack: AsyncExitStack, settings: Settings) -> CoreMigration:
    """Asks the cores of the settings; connections are closed when the stack is. Raises NotUsable."""
    urls = [target.url for target in settings.cores.values()]
    return CoreMigration(await stack.enter_async_context(CoreApi(urls, await read_core_token(settings))))


def _job(found: _Job) -> JobStanding:
    return JobStanding(
        job=found.job,
        wanted=found.wanted,
        state=found.state,
        export=found.export,
        read=found.read,
        moved=found.moved,
        quarantined=found.quarantined,
        total=found.total,
        balanced=found.balanced,
        sums=tuple((one.currency, one.amount) for one in found.status.source.sums),
        fault=found.fault if found.fault else found.status.why,
    )
