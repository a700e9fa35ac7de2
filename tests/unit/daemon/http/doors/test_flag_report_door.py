"""``/api/v1/flags/report``: what experiments say, for whoever may look, and a problem for a flag that has none."""

from types import SimpleNamespace
from typing import cast

import httpx
import msgspec

from daemon.flags.parts import FlagParts
from daemon.http.app import create_app
from daemon.http.doors.flag_report import FlagReportList
from daemon.storage.quarantine import Quarantine
from remediation.flags.experiments.findings import FlagReport
from remediation.flags.experiments.report import report_of
from remediation.flags.experiments.run import Run
from remediation.flags.experiments.splits import Split
from tests.unit.daemon.http.conftest import RememberingSink
from tests.unit.daemon.http.fake_view import FakeView, token_of
from tests.unit.daemon.http.story import options
from tests.unit.remediation.flags.exposed import START_MS, payment


def _report() -> FlagReport:
    run = Run.begun("new-form", Split(shares={"on": 0.5, "off": 0.5}, control="off"), START_MS)
    run.take(payment(1), "on", START_MS)
    return report_of(run)


class Tally:
    """One experiment."""

    async def reports(self, flag: str = "") -> list[FlagReport]:
        """See ExperimentTally."""
        return [_report()] if flag in {"", "new-form"} else []


async def ask(view: FakeView, place: str, *, has_flags: bool = True) -> httpx.Response:
    """What a viewer is answered."""
    told = options(view)
    parts = cast("FlagParts", SimpleNamespace(tally=Tally())) if has_flags else None
    given = {name: getattr(told, name) for name in told.__dataclass_fields__} | {"flags": parts}
    app = create_app(view, RememberingSink(), cast("Quarantine", None), type(told)(**given))
    headers = {"authorization": f"Bearer {token_of('viewer')}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://till.test", headers=headers
    ) as client:
        return await client.get(place)


async def test_a_viewer_reads_what_every_experiment_says_or_one(view: FakeView) -> None:
    for place in ("/api/v1/flags/report", "/api/v1/flags/report?flag=new-form"):
        answer = await ask(view, place)
        assert answer.status_code == 200
        told = msgspec.json.decode(answer.content, type=FlagReportList)
        assert told.reports == [_report()]


async def test_a_flag_without_an_experiment_is_not_found_and_the_answer_says_how_to_begin_one(view: FakeView) -> None:
    answer = await ask(view, "/api/v1/flags/report?flag=old-form")
    assert answer.status_code == 404
    assert "metadata.experiment" in answer.json()["detail"]


async def test_what_cannot_be_a_flag_is_refused(view: FakeView) -> None:
    answer = await ask(view, "/api/v1/flags/report?flag=..%2Fdocument")
    assert answer.status_code == 400


async def test_where_no_flags_are_kept_there_is_no_report(view: FakeView) -> None:
    assert (await ask(view, "/api/v1/flags/report", has_flags=False)).status_code == 503
