"""One answer for the four questions of 03:00, in the words of the console's first page."""

import msgspec

from daemon.http.glance import ACTIONS_MAX, Glance
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import FakeView


async def test_status_answers_what_broke_what_was_done_why_not_more_and_where_every_cent_is(
    as_role: Client, view: FakeView
) -> None:
    answer = await as_role("viewer").get("/api/v1/status")
    found = msgspec.json.decode(answer.content, type=Glance)
    assert found.verdict.level == "incident"
    assert [one.resolved for one in found.incidents] == sorted(one.resolved for one in found.incidents)
    assert [one.reason for one in found.not_taken] == ["cooling_down"]
    assert found.ledger.state in {"balanced", "broken", "no_data"}
    newest = list(reversed(view.state().actions.values()))
    assert [one.decision_id for one in found.done] == [one.decision_id for one in newest][:ACTIONS_MAX]
