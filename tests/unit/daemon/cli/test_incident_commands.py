"""``incidents`` answers what broke, what was done about it and why not more, from the daemon's own words."""

import httpx
import msgspec
import pytest
from typer.testing import CliRunner, Result

from config.policy import Severities
from daemon.cli import app
from daemon.http.resources import IncidentList, incident_document
from remediation.decisions import Reason
from tests.unit.daemon.http.fake_view import NOW_MS
from tests.unit.daemon.http.story import bad_canary, summary

RUNNER = CliRunner()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> IncidentList:
    """A daemon with the open incident of the bad canary, and the same one once it was over."""
    (first,) = bad_canary().folded.incidents.values()
    again = summary(Reason.COOLING_DOWN, "20 s ago, the cool-down is 300 s", NOW_MS)
    found = msgspec.structs.replace(first, decisions=(*first.decisions, again))
    over = msgspec.structs.replace(found, id="inc-2", resolved_at_ms=NOW_MS)
    every = IncidentList(incidents=[incident_document(one, Severities(), NOW_MS) for one in (found, over)])

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/api/v1/incidents"
        return httpx.Response(200, content=msgspec.json.encode(every))

    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(answer)))
    return every


def incidents(*arguments: str) -> Result:
    return RUNNER.invoke(app, ["incidents", *arguments, "--url", "http://127.0.0.1:1"])


def test_the_list_has_what_is_broken_now_and_what_was_done(told: IncidentList) -> None:
    listed = incidents("list")
    assert listed.exit_code == 0
    assert "inc-4  open  severity 1  payment-failure-rate for green · us-east-1" in listed.stdout
    assert "roll back traffic: done and verified" in listed.stdout
    assert "inc-2" not in listed.stdout
    assert "inc-2" in incidents("list", "--all").stdout
    as_json = msgspec.json.decode(incidents("list", "--all", "--json").stdout, type=IncidentList)
    assert as_json == told


def test_one_incident_is_shown_with_each_decision_and_its_reason(told: IncidentList) -> None:
    shown = incidents("show", told.incidents[0].id)
    assert shown.exit_code == 0
    assert "roll back traffic on dns:payments.tillwatch.test: done and verified" in shown.stdout
    assert "did not roll back traffic (cooling_down): the target was acted on a short while ago" in shown.stdout


@pytest.mark.parametrize(("name", "exit_code"), [("inc-99", 1), ("../../livez", 2)])
@pytest.mark.usefixtures("told")
def test_an_incident_that_is_none(name: str, exit_code: int) -> None:
    assert incidents("show", name).exit_code == exit_code
