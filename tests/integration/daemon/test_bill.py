"""A real daemon takes cost exports over once, over kills, tells of its budget once, and shows the bill."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import yaml

from daemon.aws.s3 import S3Objects
from daemon.aws.session import AwsClients
from daemon.clock import SystemClock
from daemon.costs.exports import ExportBucket, deliveries, read_delivery
from daemon.reports.view import CostsDocument
from tests.integration.daemon.world import Account, Program, Programs, ask, configure, entries, tillwatch, until
from tests.unit.daemon.costs.bills import ACCOUNT, export, read_export, row
from tests.unit.daemon.costs.test_formats import FORMS, ROWS


def day(back: int) -> str:
    """The UTC day so many days ago."""
    return (datetime.fromtimestamp(SystemClock().now_ms() / 1000, UTC).date() - timedelta(days=back)).isoformat()


async def costs(daemon: Program) -> CostsDocument:
    """What the daemon says of costs."""
    answer = await ask(daemon, "/api/v1/costs")
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=CostsDocument)


async def known(daemon: Program) -> CostsDocument:
    """The same, once there is a bill."""
    while True:
        seen = await costs(daemon)
        if seen.bill.is_known:
            return seen


@pytest.mark.timeout(120)
async def test_an_export_is_taken_over_once_over_kills_and_the_budget_told_once(
    tmp_path: Path, programs: Programs, account: Account
) -> None:
    folder = configure(tmp_path, account)
    exports = tmp_path / "exports"
    exports.mkdir()
    days = [day(back) for back in range(2, 12)]
    rows = [row("1.50", day=one, period=f"{one[:7]}-01", account="") for one in days]
    (exports / "focus.csv").write_bytes(export([*rows, row("oops")]))
    settings = yaml.safe_load((folder / "tillwatch.yaml").read_text("utf-8"))
    settings["costs"] = {"exports": str(exports), "monthly_budget_cents": 1, "thresholds_percent": [50]}
    (folder / "tillwatch.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    in_month = [one for one in days if one.startswith(day(0)[:7])]
    for start in range(3):
        daemon = await programs.ready_daemon(folder)
        async with asyncio.timeout(40):
            seen = await known(daemon)
        assert seen.bill.month.spent_microcents == 150_000_000 * len(in_month)
        assert seen.bill.bad_rows == (1 if in_month else 0)
        assert len(entries(tmp_path, "quarantine")) == 1
        if start and in_month:
            await until(lambda: len(entries(tmp_path, "budget.reached")) == 1, "the budget is told of")
        await daemon.kill()
    assert len(entries(tmp_path, "budget.reached")) == (1 if in_month else 0)
    shown = await tillwatch("costs", "explain", "Amazon DynamoDB", "--service", "--data-dir", str(tmp_path / "data"))
    assert shown.code == 0, shown.err
    assert days[0] in shown.out


async def test_exports_and_reports_in_a_bucket(aws_clients: AwsClients, unique: str, tmp_path: Path) -> None:
    async with aws_clients.client("s3") as s3:
        await s3.call("create_bucket", Bucket=f"till-{unique}")
        objects = S3Objects(s3, f"till-{unique}", "focus")
        name = "data/BILLING_PERIOD=2026-11/x-00001.snappy.parquet"
        content = FORMS["parquet of doubles"](ROWS)
        assert await objects.write(name, content, "binary/octet-stream") == f"s3://till-{unique}/focus/{name}"
        place = ExportBucket(objects, tmp_path)
        (first,) = deliveries(await place.files())
        assert (first.delivery.name, first.files, first.size_bytes) == (
            "data/BILLING_PERIOD=2026-11",
            (name,),
            len(content),
        )
        assert (await read_delivery(place, first, ACCOUNT)).periods == read_export([export(ROWS)], ACCOUNT).periods
        await objects.write(name, b"two", "text/csv")
        assert deliveries(await place.files())[0].delivery.fingerprint != first.delivery.fingerprint
