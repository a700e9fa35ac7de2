"""``incidents`` answers what broke, what was done about it and why not more, from the daemon's own words."""

from pathlib import Path

import httpx
import msgspec
import pytest
from typer.testing import CliRunner, Result

from config.policy import Severities
from daemon.cli import app
from daemon.http.doors.incidents import IncidentReview, IncidentStory
from daemon.http.resources import IncidentList, incident_document
from remediation.decisions import Reason
from remediation.escalation.chain import Chain, PlannedStep
from remediation.escalation.notices import Notice, NoticeState, Target
from remediation.incidents.times import Times
from tests.unit.daemon.http.fake_view import NOW_MS
from tests.unit.daemon.http.story import bad_canary, summary

RUNNER = CliRunner()
TIMES = Times(detect_ms=84, acknowledge_ms=60_000, mitigate_ms=None, resolve_ms=None)
TOLD = Notice(
    incident_id="inc-4",
    generation=1,
    kind="trigger",
    severity=1,
    title="critical",
    body="",
    step=1,
    target=Target(person="ana", channel="sms"),
)
STEP = PlannedStep(number=1, at_ms=NOW_MS, level="Engineering Manager", tier="L2")
CHAIN = Chain(incident_id="inc-4", generation=1, steps=(STEP,), notices=(NoticeState(notice=TOLD, since_ms=NOW_MS),))


@pytest.fixture
def sent() -> list[tuple[str, object]]:
    """What was asked of one incident: the act, and its body."""
    return []


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, object]]) -> IncidentList:
    """A daemon with the open incident of the bad canary, and the same one once it was over."""
    (first,) = bad_canary().folded.incidents.values()
    again = summary(Reason.COOLING_DOWN, "20 s ago, the cool-down is 300 s", NOW_MS)
    found = msgspec.structs.replace(first, decisions=(*first.decisions, again))
    over = msgspec.structs.replace(found, id="inc-2", resolved_at_ms=NOW_MS)
    every = IncidentList(incidents=[incident_document(one, Severities(), NOW_MS) for one in (found, over)])

    stories = {
        one.id: IncidentStory(incident=one, members=[], times=TIMES, escalation=CHAIN) for one in every.incidents
    }

    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.path.removeprefix("/api/v1/incidents").strip("/").partition("/")
        if not asked[0]:
            return httpx.Response(200, content=msgspec.json.encode(every))
        if asked[0] not in stories:
            return httpx.Response(404, json={"title": "Not Found", "detail": "There is no such incident."})
        if asked[2] == "review":
            told = IncidentReview(incident_id=asked[0], markdown="# what happened")
            return httpx.Response(200, content=msgspec.json.encode(told))
        sent.append((asked[2], msgspec.json.decode(request.content) if request.content else None))
        return httpx.Response(200, content=msgspec.json.encode(stories[asked[0]]))

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


def test_who_is_told_and_who_is_next_stands_beside_how_long_it_took(told: IncidentList) -> None:
    shown = incidents("show", told.incidents[0].id).stdout
    assert "ana by sms, trigger: waiting" in shown
    assert "UTC: Engineering Manager (L2)" in shown
    assert "seen after 84 ms, taken on after 60 s" in shown


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (("ack", "--note", "on it"), {"note": "on it"}),
        (("unack",), {"note": ""}),
        (("resolve", "--reason", "restarted"), {"reason": "restarted"}),
        (("merge", "--into", "inc-2", "--reason", "one switch"), {"into": "inc-2", "reason": "one switch"}),
    ],
)
def test_what_a_person_does_to_an_incident_is_sent_with_why(
    told: IncidentList, sent: list[tuple[str, object]], arguments: tuple[str, ...], body: dict[str, str]
) -> None:
    act, *rest = arguments
    done = incidents(act, told.incidents[0].id, *rest)
    assert done.exit_code == 0
    assert sent == [(act, body)]
    assert told.incidents[0].id in done.stdout


def test_nothing_is_closed_without_a_reason(told: IncidentList, sent: list[tuple[str, object]]) -> None:
    assert incidents("resolve", told.incidents[0].id).exit_code == 2
    assert sent == []


def test_a_review_is_printed_or_written_where_it_is_wanted(told: IncidentList, tmp_path: Path) -> None:
    name, place = told.incidents[0].id, tmp_path / "review.md"
    assert incidents("review", name).stdout == "# what happened\n"
    assert incidents("review", name, "--out", str(place)).exit_code == 0
    assert place.read_text(encoding="utf-8") == "# what happened"
    assert incidents("review", name, "--out", str(tmp_path / "no" / "folder.md")).exit_code == 2
