"""``/api/v1/costs``: the bill beside the savings, and a problem while they cannot be read."""

from typing import cast

import httpx
import msgspec

from config.costs import CostSettings
from daemon.costs.figures import month_forecast
from daemon.costs.review import CostReview
from daemon.costs.source import utc_day
from daemon.errors import CostsNotKept
from daemon.http.app import create_app
from daemon.reports.savings import PAY_IN
from daemon.reports.view import CostsDocument
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.conftest import RememberingSink
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView, token_of
from tests.unit.daemon.http.story import options


class Costs:
    """An empty book, or a disk that fails."""

    def __init__(self, fault: CostsNotKept | None) -> None:
        self.fault = fault

    async def costs(self) -> CostsDocument:
        """See CostsSource."""
        if self.fault is not None:
            raise self.fault
        review = CostReview(
            is_known=False,
            newest_day="",
            bad_rows=0,
            asked_cents=0,
            month=month_forecast({}, utc_day(NOW_MS)),
            budget=None,
            services=(),
            variances=(),
            recommendations=(),
        )
        return CostsDocument(bill=review, measured=PAY_IN, savings=(), reports=())


async def ask(view: FakeView, fault: CostsNotKept | None) -> httpx.Response:
    """What a viewer is answered."""
    told = options(view)
    given = {name: getattr(told, name) for name in told.__dataclass_fields__} | {"costs": Costs(fault)}
    app = create_app(view, RememberingSink(), cast("Quarantine", None), type(told)(**given))
    headers = {"authorization": f"Bearer {token_of('viewer')}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://till.test", headers=headers
    ) as client:
        return await client.get("/api/v1/costs")


async def test_a_bill_that_was_never_read_has_no_forecast_and_says_so(view: FakeView) -> None:
    answer = await ask(view, None)
    assert answer.status_code == 200
    document = msgspec.json.decode(answer.content, type=CostsDocument)
    assert not document.bill.is_known
    assert document.bill.month.forecast_microcents is None
    assert document.bill.month.why_not
    assert not CostSettings().is_read


async def test_a_disk_that_fails_is_a_problem_document(view: FakeView) -> None:
    answer = await ask(view, CostsNotKept("disk"))
    assert (answer.status_code, answer.json()["status"]) == (503, 503)
    assert "disk" in answer.json()["detail"]
