"""The page and its stream: right without a script, live with one, and safe with hostile names."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import cast
from unittest.mock import AsyncMock

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse

from checks.findings import State
from config.settings import Token
from daemon.http.console import serving as console_module
from daemon.http.console import templates
from daemon.http.console.compose import LEDGER_STALE_MS
from daemon.http.console.feed import STANDING, TIMELINE_ENTRIES, ConsoleFeed
from daemon.http.console.pages.overview import OVERVIEW
from daemon.http.console.serving import HEARTBEAT_SECONDS, MIN_INTERVAL_SECONDS, STREAM_LIMIT, Console, Sent
from daemon.http.console.templates import render
from daemon.http.sessions.authority import Principal, digest_of
from daemon.http.sessions.reception import Reception
from daemon.view.shape import SecondOfPayments
from remediation.errors import JournalCorrupt
from remediation.journal.guardrail_kinds import AutomationStopped
from remediation.journal.kinds import Quarantined
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView, token_of
from tests.unit.daemon.http.rendering import rendered
from tests.unit.daemon.http.story import finding, options

ROW = re.compile(r'<li data-key="(\d+)"(.*?)</li>', re.DOTALL)
XSS = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


def console_of(view: FakeView) -> Console:
    made = options(view)
    reception = Reception(made.console, lambda: made.tokens, made.clock)
    return Console(ConsoleFeed(view, made), reception.book, reception.authority, made.clock)


async def next_update(stream: AsyncIterator[bytes]) -> dict[str, object]:
    message = await anext(stream)
    assert message.startswith(b"data: ")
    assert message.endswith(b"\n\n")
    assert message.count(b"\n") == 2
    return cast("dict[str, object]", json.loads(message.removeprefix(b"data: ")))


async def opened(stream: AsyncIterator[bytes]) -> dict[str, object]:
    assert await anext(stream) == b"retry: 1000\n\n"
    return await next_update(stream)


async def page_of(as_role: Client) -> str:
    answer = await as_role("viewer").get("/console")
    assert answer.status_code == 200
    return answer.text


async def test_the_page_answers_the_four_questions_without_a_script(as_role: Client) -> None:
    page = await page_of(as_role)
    for answer in (
        "1 incident open, 1 critical",
        "Payments that end as failed: 5.8 %, limit &gt; 2%. green · us-east-1",
        "Roll back traffic: done and verified, decided 94 s ago.",
        "first call 84 ms after the cause",
        "because the target was acted on a short while ago",
        "20\u202f412 entries sum to zero",
    ):
        assert answer in page


@pytest.mark.parametrize("place", ["alarm", "journal", "source", "environment", "rule"])
async def test_hostile_text_is_escaped_wherever_it_comes_from(as_role: Client, view: FakeView, place: str) -> None:
    match place:
        case "alarm":
            view.rule_readings[0] = msgspec.structs.replace(view.rule_readings[0], key={"subject": XSS}, shown=XSS)
        case "journal":
            view.append(Quarantined(source=XSS, message_id=XSS, why=XSS, size_bytes=1), NOW_MS, actor=XSS)
        case "source":
            view.source_rows = [
                type(view.source_rows[0])(XSS, NOW_MS, stale=True, consumed=1, duplicates=0, quarantined=0)
            ]
        case "environment":
            view.split = type(view.split)({XSS: 100}, NOW_MS)
        case _:
            incident = msgspec.structs.replace(view.folded.incidents["inc-4"], rule_id=XSS, subject=XSS, runbook=XSS)
            view.folded = msgspec.structs.replace(view.folded, incidents={"inc-4": incident})
    page = await page_of(as_role)
    assert "<img" not in page
    assert "alert(2)</script>" not in page
    assert "&lt;img src=x" in page


async def test_the_page_has_no_inline_script_style_or_handler(as_role: Client) -> None:
    page = await page_of(as_role)
    assert "<script>" not in page
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick" not in page


async def test_no_data_is_shown_as_no_data_and_never_as_safe(as_role: Client, view: FakeView) -> None:
    empty = FakeView()
    view.folded, view.entries, view.rule_readings = empty.folded, [], []
    view.split, view.payments, view.source_rows = empty.split, [], []
    page = await page_of(as_role)
    assert 'data-level="unknown"' in page
    assert "No data: the weights were never read." in page
    assert "The journal is empty." in page
    assert "100 %" not in page


async def test_observe_only_is_a_banner(as_role: Client, view: FakeView) -> None:
    assert "Observe-only." not in await page_of(as_role)
    view.observing = True
    view.clock.now += 1000
    assert "Observe-only." in await page_of(as_role)


async def test_a_static_file_is_sent_once_and_then_known(as_role: Client) -> None:
    client = as_role("viewer")
    first = await client.get("/console/static/console.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = await client.get("/console/static/console.js", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("name", ["..%2fapp.py", "nothing.js", "%2e%2e", "console.js%00"])
async def test_only_files_that_were_there_at_start_are_served(as_role: Client, name: str) -> None:
    assert (await as_role("viewer").get(f"/console/static/{name}")).status_code == 404


async def test_the_first_update_has_everything_and_the_next_only_what_changed(view: FakeView) -> None:
    stream = console_of(view).events(OVERVIEW)
    first = await opened(stream)
    assert set(cast("dict[str, str]", first["panels"])) == {*OVERVIEW.panels, STANDING}
    assert cast("dict[str, object]", first["chart"])["reset"] is True
    view.payments = [*view.payments, SecondOfPayments(NOW_MS // 1000, "blue", 5, 0, 1)]
    view.append(finding(State.NO_DATA, None, NOW_MS), NOW_MS)
    view.bump()
    second = await next_update(stream)
    assert "incidents" not in cast("dict[str, str]", second["panels"])
    assert "timeline" not in cast("dict[str, str]", second["panels"])
    grown = cast("dict[str, dict[str, object]]", second["lists"])["timeline"]
    assert "has no data" in str(grown["rows"])
    assert str(grown["rows"]).count("<li") == 1
    assert cast("list[str]", grown["keys"])[0] == str(len(view.entries))
    assert cast("dict[str, object]", second["chart"]) == {
        "reset": False,
        "rows": [[NOW_MS // 1000, "blue", 5, 6]],
        "marks": cast("dict[str, object]", first["chart"])["marks"],
    }


async def test_a_list_that_grows_is_sent_and_rendered_by_its_new_and_changed_rows_alone(
    view: FakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def counted(name: str, **values: object) -> str:
        made.append(name)
        return render(name, **values)

    monkeypatch.setattr(templates, "render", counted)
    feed, sent, shown = ConsoleFeed(view, options(view)), Sent("viewer"), dict[str, str]()
    for number in range(2 * TIMELINE_ENTRIES):
        # Every third one speaks of a rule in shadow mode, and joins the row of the one before if that did so too.
        spoken = (
            msgspec.structs.replace(finding(), mode="shadow")
            if number % 3
            else finding(State.NO_DATA, None, NOW_MS + number)
        )
        view.append(spoken, NOW_MS + number)
        snapshot = await rendered(feed, version=number)
        update = sent.update(snapshot)
        if "timeline" in update.panels:
            shown = dict(ROW.findall(update.panels["timeline"]))
        else:
            grown = update.lists["timeline"]
            news = dict(ROW.findall(grown.rows))
            shown = {key: news.get(key, shown.get(key, "")) for key in grown.keys}
            assert len(news) <= 2
        assert shown == dict(ROW.findall(snapshot.panels["timeline"]))
        assert list(shown) == list(snapshot.lists["timeline"])
    # What leaves at the end may be a part of a row of several, which is another row then.
    assert made.count("timeline-row.html") <= 3 * TIMELINE_ENTRIES


async def test_a_list_that_was_empty_is_sent_whole_with_its_first_row(view: FakeView) -> None:
    feed, sent = ConsoleFeed(FakeView(), options(view)), Sent("viewer")
    assert "The journal is empty." in sent.update(await rendered(feed)).panels["timeline"]
    cast("FakeView", feed.view).append(finding(), NOW_MS)
    assert "<ol" in sent.update(await rendered(feed, version=2)).panels["timeline"]


async def test_updates_are_paced(view: FakeView) -> None:
    stream = console_of(view).events(OVERVIEW)
    await opened(stream)
    for _ in range(3):
        view.bump()
        await next_update(stream)
    assert view.clock.slept == [MIN_INTERVAL_SECONDS] * 3
    assert MIN_INTERVAL_SECONDS >= 0.05


async def test_a_quiet_view_still_beats(view: FakeView, monkeypatch: pytest.MonkeyPatch) -> None:
    assert HEARTBEAT_SECONDS <= 5
    monkeypatch.setattr(console_module, "HEARTBEAT_SECONDS", 0)
    stream = console_of(view).events(OVERVIEW)
    await opened(stream)
    view.version = 0
    view.clock.now += 1000
    beat = await next_update(stream)
    assert beat["chart"] is None
    assert cast("int", beat["now_ms"]) > NOW_MS


async def test_a_stream_that_ends_gives_its_place_back(view: FakeView) -> None:
    console = console_of(view)
    stream = console.events(OVERVIEW)
    await opened(stream)
    assert console.streams == 1
    await stream.aclose()
    assert console.streams == 0


async def test_streams_are_bounded(view: FakeView) -> None:
    console = console_of(view)
    console.streams = STREAM_LIMIT
    answer = await console.stream(
        Request({"type": "http", "method": "GET", "path": "/console/stream", "headers": [], "query_string": b""})
    )
    assert answer.status_code == 503


async def test_a_stream_ends_with_the_token_by_which_it_is_watched(view: FakeView) -> None:
    made, known = options(view), [Token(name="ann", role="viewer", sha256=digest_of("a token"))]
    reception = Reception(made.console, lambda: known, made.clock)
    console = Console(ConsoleFeed(view, made), reception.book, reception.authority, made.clock)
    told = {"type": "http", "method": "GET", "path": "/console/stream", "query_string": b""}
    request = Request({**told, "headers": [(b"authorization", b"Bearer a token")]})
    request.state.session, request.state.principal = None, Principal("ann", "viewer")
    answer = await console.stream(request)
    assert isinstance(answer, StreamingResponse)
    events = cast("AsyncIterator[bytes]", answer.body_iterator)
    await opened(events)
    view.bump()
    await next_update(events)
    known.clear()
    view.bump()
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    assert console.streams == 0


async def test_many_browsers_cost_one_rendering_and_one_read_of_the_journal(view: FakeView) -> None:
    feed = ConsoleFeed(view, options(view))
    first = await rendered(feed)
    assert await rendered(feed) is first
    assert view.journal_reads == [(0, TIMELINE_ENTRIES)]


async def test_what_a_person_has_just_done_is_on_the_next_page_before_the_version_tells_of_it(view: FakeView) -> None:
    feed = ConsoleFeed(view, options(view))
    await rendered(feed)
    view.append(AutomationStopped(reason="looking at the rail"), NOW_MS, actor="ann")
    assert "looking at the rail" in (await rendered(feed)).panels["timeline"]


async def test_only_the_newest_entries_of_a_long_journal_are_read() -> None:
    view = FakeView()
    for _ in range(TIMELINE_ENTRIES * 3):
        view.append(finding(), NOW_MS)
    snapshot = await rendered(ConsoleFeed(view, options(view)))
    assert view.journal_reads == [(TIMELINE_ENTRIES * 2, TIMELINE_ENTRIES)]
    assert f'data-key="{TIMELINE_ENTRIES * 3}"' in snapshot.panels["timeline"]


async def test_the_stream_is_served_as_events_until_the_browser_leaves(app: Starlette) -> None:
    sent: list[dict[str, object]] = []
    seen_update, left = asyncio.Event(), False

    async def receive() -> dict[str, object]:
        nonlocal left
        await seen_update.wait()
        left = True
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        part = cast("dict[str, object]", message)
        sent.append(part)
        if b"data: " in cast("bytes", part.get("body", b"")):
            seen_update.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "method": "GET",
        "path": "/console/stream",
        "raw_path": b"/console/stream",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token_of('viewer')}".encode()), (b"accept-encoding", b"gzip")],
        "scheme": "http",
        "server": ("till.test", 80),
    }
    await app(scope, receive, send)
    headers = dict(cast("list[tuple[bytes, bytes]]", sent[0]["headers"]))
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert b"content-encoding" not in headers
    assert left


async def test_a_broken_journal_leaves_the_page_and_the_metrics_standing(
    as_role: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeView, "journal", AsyncMock(side_effect=JournalCorrupt("entry 7")))
    assert "1 incident open" in await page_of(as_role)
    assert "till_incidents_open" in (await as_role("viewer").get("/metrics")).text


async def test_a_ledger_that_was_balanced_long_ago_is_no_data(as_role: Client, view: FakeView) -> None:
    assert "ledger balanced" in await page_of(as_role)
    view.clock.now += LEDGER_STALE_MS
    page = await page_of(as_role)
    assert "ledger no data" in page
    assert "Last seen balanced 16 min ago" in page
