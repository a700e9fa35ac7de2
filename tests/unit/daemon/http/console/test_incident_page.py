"""The page of an incident tells its whole story, says why not more was done, and offers what can be done now."""

import html
import re

import msgspec
import pytest

from checks.findings import State
from daemon.http.console.incident.entries import INCIDENTS_KEPT, IncidentEntries
from daemon.http.console.incident.rows import next_words
from daemon.http.console.pages.incident import compose
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import REASON_WORDS
from remediation.decisions import Reason
from remediation.errors import JournalFailed
from remediation.escalation.chain import Chain, ChainState, PlannedStep
from remediation.escalation.notices import Notice, NoticeState, NoticeStatus, Target
from remediation.journal.incident_kinds import IncidentAcknowledged, IncidentExposed, IncidentNoted
from remediation.state import Incident, IncidentState
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.story import bad_canary, finding, options
from tests.unit.remediation.incidents.telling import indexed

XSS = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"
ANN = Target(person="ann", channel="pagerduty")
STEP = PlannedStep(number=2, at_ms=NOW_MS + 252_000, level="Engineering manager", tier="L2", targets=(ANN,))


def chain_of(step: PlannedStep, **changes: object) -> Chain:
    """A chain whose next step is this one, otherwise."""
    return Chain(incident_id="i", steps=(msgspec.structs.replace(step, **changes),))


def changed(view: FakeView, **changes: object) -> None:
    """The story's incident, otherwise."""
    incident = msgspec.structs.replace(view.folded.incidents["inc-4"], **changes)
    view.folded = msgspec.structs.replace(view.folded, incidents={"inc-4": incident})


async def text_of(as_role: Client, path: str = "/console/incidents/inc-4") -> str:
    answer = await as_role("viewer").get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.text)))


async def test_the_page_tells_signal_rule_decision_steps_and_why_not_more(as_role: Client, view: FakeView) -> None:
    acted, held_back = view.folded.decisions
    before = msgspec.structs.replace(view.folded.actions["d-1"], before={"blue": "80", "green": "20"})
    changed(view, decisions=(msgspec.structs.replace(acted, decision_id="d-1"), held_back))
    view.folded = msgspec.structs.replace(view.folded, actions={"d-1": before})
    page = await text_of(as_role)
    for told in (
        "payment-failure-rate",
        "5.8 % against > 2%, 52 samples in 60 s",
        "roll back traffic",
        "done and verified",
        "84 ms after the cause",
        "seen in effect 36 ms after the call",
        "found blue 80, green 20",
        "Did not roll back traffic because the target was acted on a short while ago and is cooling down.",
        "Nobody was told of it.",
        "Payments exposed",
        "no data",
    ):
        assert told in page, told


async def test_every_entry_about_it_is_in_the_timeline_with_its_thread_and_nothing_else(
    as_role: Client, view: FakeView
) -> None:
    view.append(IncidentAcknowledged(incident_id="inc-4", note="looking"), NOW_MS, actor="ann")
    view.append(IncidentNoted(incident_id="inc-4", note="the rail is fine"), NOW_MS, actor="bob")
    view.append(IncidentNoted(incident_id="inc-999", note="another one"), NOW_MS, actor="eve")
    page = await text_of(as_role)
    for told in ("people inc-4 was acknowledged. looking", "by ann", "the rail is fine", "by bob", "seen ", "done "):
        assert told in page, told
    assert "another one" not in page
    assert "Input data was truncated" not in page


async def test_an_incident_that_is_not_known_is_not_found(as_role: Client) -> None:
    assert (await as_role("viewer").get("/console/incidents/inc-5")).status_code == 404


@pytest.mark.parametrize(
    ("state", "offered", "not_offered"),
    [
        (IncidentState.OPEN, {"incident.ack", "incident.resolve", "incident.note", "silence.add"}, {"incident.unack"}),
        (IncidentState.ACKNOWLEDGED, {"incident.unack", "incident.resolve"}, {"silence.add"}),
        (IncidentState.RESOLVED, {"incident.note"}, {"incident.ack", "incident.resolve"}),
    ],
)
async def test_only_what_can_be_done_now_is_offered(
    as_role: Client, view: FakeView, state: IncidentState, offered: set[str], not_offered: set[str]
) -> None:
    changed(view, state=state, resolved_at_ms=NOW_MS if state is IncidentState.RESOLVED else 0)
    page = (await as_role("operator").get("/console/incidents/inc-4")).text
    buttons = set(re.findall(r'data-act="([a-z.]+)"', page))
    assert offered <= buttons
    assert not buttons & not_offered


async def test_a_viewer_sees_dead_buttons_that_say_which_role_they_need(as_role: Client) -> None:
    page = (await as_role("viewer").get("/console/incidents/inc-4")).text
    buttons = re.findall(r"<button class=\"act[^>]*>", page)
    assert buttons
    assert all('aria-disabled="true" title="This needs the role operator; you are viewer"' in one for one in buttons)
    free = (await as_role("operator").get("/console/incidents/inc-4")).text
    assert "aria-disabled" not in free


async def test_hostile_names_are_text_in_every_part(as_role: Client, view: FakeView) -> None:
    whom = Target(person=XSS, channel=XSS)
    notice = Notice(
        incident_id="inc-4", generation=1, kind="trigger", severity=1, title=XSS, body=XSS, step=1, target=whom
    )
    told = NoticeState(notice=notice, since_ms=NOW_MS, status=NoticeStatus.SENT, detail=XSS)
    chain = Chain(incident_id="inc-4", steps=(msgspec.structs.replace(STEP, level=XSS),), notices=(told,))
    seen = msgspec.structs.replace(finding(), key={"a": XSS}, breach=XSS)
    changed(view, rule_id=XSS, subject=XSS, runbook=XSS, findings=(seen,))
    book = msgspec.structs.replace(view.folded.escalation, chains={"inc-4": chain})
    view.append(IncidentNoted(incident_id="inc-4", note=XSS), NOW_MS, actor=XSS)
    view.folded = msgspec.structs.replace(view.folded, escalation=book)
    page = (await as_role("admin").get("/console/incidents/inc-4")).text
    assert "<img" not in page
    assert "alert(2)</script>" not in page
    assert page.count("&lt;img src=x") >= 6


async def test_what_was_exposed_is_money_once_it_was_counted(as_role: Client, view: FakeView) -> None:
    seen = IncidentExposed(
        incident_id="inc-4", payments=14, failed=3, amount_cents=116_173, from_ms=1, until_ms=2, whole=False
    )
    changed(view, exposed=seen, resolved_at_ms=NOW_MS, state=IncidentState.RESOLVED)
    page = await text_of(as_role)
    assert "at least $1,161.73" in page
    assert "at least 3 of them failed" in page


async def test_the_review_is_a_page(as_role: Client) -> None:
    page = await text_of(as_role, "/console/incidents/inc-4/review")
    assert "# inc-4: payment-failure-rate" in page
    assert (await as_role("viewer").get("/console/incidents/inc-9/review")).status_code == 404


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (None, "no data: nobody was to be told of it yet"),
        (chain_of(STEP), "in 4 min: Engineering manager (L2), ann"),
        (chain_of(STEP, at_ms=NOW_MS - 1, targets=()), "now: Engineering manager (L2), nobody is on duty"),
        (
            chain_of(STEP, action="rollback.traffic"),
            "in 4 min: Engineering manager (L2), ann, and roll back traffic is tried",
        ),
        (Chain(incident_id="i", steps=(STEP,), done=1), "everybody was told"),
        (Chain(incident_id="i", state=ChainState.SPENT), "everybody was told, and nobody answered"),
        (Chain(incident_id="i", state=ChainState.HELD, held_by="silence sil-3"), "nobody for now: silence sil-3"),
        (Chain(incident_id="i", state=ChainState.ACKNOWLEDGED), "nobody: somebody has taken it on"),
        (Chain(incident_id="i", state=ChainState.OVER), "nobody: it is over"),
    ],
)
def test_who_is_told_next_and_when_is_said_or_why_nobody_is(chain: Chain | None, words: str) -> None:
    assert next_words(chain, NOW_MS) == words


async def test_what_was_read_of_the_journal_is_not_read_again() -> None:
    view = bad_canary()
    reader = IncidentEntries(view)
    first = await reader.of("inc-4")
    assert first
    reads = len(view.journal_reads)
    assert await reader.of("inc-4") == first
    assert len(view.journal_reads) == reads
    view.append(finding(State.BREACHED, 0.07, NOW_MS), NOW_MS)
    assert len(await reader.of("inc-4")) == len(first) + 1
    assert view.journal_reads[-1][0] == len(view.entries) - 1


async def test_an_action_of_an_earlier_page_keeps_its_outcome_of_a_later_one() -> None:
    view = bad_canary()
    entries = list(view.entries)
    whole = await IncidentEntries(view).of("inc-4")
    reader = IncidentEntries(view)
    view.entries = entries[:6]
    view.folded = msgspec.structs.replace(view.folded, sequence=6)
    await reader.of("inc-4")
    view.entries = entries
    view.folded = msgspec.structs.replace(view.folded, sequence=len(entries))
    assert await reader.of("inc-4") == whole


async def test_a_merged_incident_brings_its_past_and_is_shown_with_who_speaks_for_it(
    as_role: Client, view: FakeView
) -> None:
    other = msgspec.structs.replace(view.folded.incidents["inc-4"], id="inc-3", fingerprint="f", rule_id="latency")
    root = msgspec.structs.replace(view.folded.incidents["inc-4"], joined=1)
    member = msgspec.structs.replace(other, id="inc-8", merged_into="inc-4")
    view.folded = indexed(view.folded, {"inc-4": root, "inc-8": member})
    assert "It speaks for inc-8 (latency, open)" in await text_of(as_role)
    assert "inc-8 is part of inc-4 , which speaks for both." in await text_of(as_role, "/console/incidents/inc-8")


async def test_a_journal_that_cannot_be_read_leaves_the_page_standing(
    as_role: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise JournalFailed("disk")

    monkeypatch.setattr(FakeView, "journal", broken)
    page = await text_of(as_role)
    assert "The journal says nothing of it." in page
    assert "5.8 % against > 2%" in page


async def test_looking_at_many_incidents_keeps_few_of_them() -> None:
    view = bad_canary()
    one = view.folded.incidents["inc-4"]
    many = {
        f"inc-{number}": msgspec.structs.replace(one, id=f"inc-{number}") for number in range(1, INCIDENTS_KEPT + 3)
    }
    view.folded = msgspec.structs.replace(view.folded, incidents=many)
    reader = IncidentEntries(view)
    for name in many:
        await reader.of(name)
    reads = len(view.journal_reads)
    await reader.of(next(reversed(many)))
    assert len(view.journal_reads) == reads
    await reader.of("inc-1")
    assert len(view.journal_reads) == reads + 1


def test_every_reason_that_is_possible_has_words_on_the_page() -> None:
    view = bad_canary()
    incident = view.folded.incidents["inc-4"]
    told = tuple(
        msgspec.structs.replace(incident.decisions[0], act=False, reason=reason, sequence=number)
        for number, reason in enumerate(Reason)
    )
    incidents: dict[str, Incident] = {"inc-4": msgspec.structs.replace(incident, decisions=told)}
    view.folded = msgspec.structs.replace(view.folded, incidents=incidents)
    page = compose(Scene(view=view, options=options(view), now_ms=NOW_MS), "inc-4")
    assert page is not None
    assert [row.words for row in page.why_not] == [REASON_WORDS[reason] for reason in reversed(Reason)]
