"""The journal on the console: what is searched is found, bounded and said; what was tampered with is named."""

from collections.abc import AsyncIterator
from typing import cast

import httpx
import msgspec
import pytest

from checks.findings import State as ReadingState
from daemon.http.app import create_app
from daemon.http.console.journal import proving as proving_module
from daemon.http.console.journal.proving import Prover
from daemon.http.console.journal.searching import FOUND_MAX, SCANNED_MAX, first_at, search
from daemon.http.console.journal.wanted import NotUnderstood, Wanted, wanted_from
from daemon.storage.quarantine import Quarantine
from remediation.errors import JournalFailed
from remediation.journal.guardrail_kinds import AutomationStopped
from remediation.journal.kinds import DaemonStarted, Quarantined
from tests.unit.daemon.http.conftest import RememberingSink
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView, token_of
from tests.unit.daemon.http.story import bad_canary, finding, options


@pytest.fixture
def view() -> FakeView:
    """Ten seconds between entries, the newest now."""
    told = FakeView()
    for number in range(30):
        at_ms = NOW_MS - 10_000 * (29 - number)
        if number % 10 == 3:
            told.append(AutomationStopped(reason=f"looking at rail {number}"), at_ms, actor="Ann")
        elif number % 10 == 5:
            told.append(Quarantined(source="ingest", message_id=f"m-{number}", why="Größe", size_bytes=1), at_ms)
        else:
            told.append(finding(ReadingState.BREACHED, 0.05, at_ms), at_ms)
    _follow(told)
    return told


def _follow(view: FakeView) -> None:
    """What is folded leads to the newest entry."""
    view.folded = msgspec.structs.replace(view.folded, hash=view.entries[-1].hash)


@pytest.fixture
async def client(view: FakeView) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(view, RememberingSink(), cast("Quarantine", None), options(view))
    headers = {"authorization": f"Bearer {token_of('viewer')}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://till.test", headers=headers
    ) as made:
        yield made


async def found(view: FakeView, **asked: str) -> list[int]:
    return [entry.sequence for entry in (await search(view, wanted_from(asked))).entries]


async def test_without_a_question_the_newest_come_first(view: FakeView) -> None:
    assert await found(view) == list(range(30, 0, -1))


@pytest.mark.parametrize(
    ("asked", "sequences"),
    [
        ({"kind": "automation.stopped"}, [24, 14, 4]),
        ({"actor": "ann"}, [24, 14, 4]),
        ({"actor": "nobody"}, []),
        ({"text": "RAIL 13"}, [14]),
        ({"text": "größe"}, [26, 16, 6]),
        ({"subject": "m-25"}, []),
        ({"subject": "ingest"}, [26, 16, 6]),
        ({"subject": "payment-failure", "kind": "finding", "until": "2026-11-23T18:55:40"}, [3, 2, 1]),
        ({"kind": "automation.stopped", "before": "24"}, [14, 4]),
        ({"text": '","'}, list(range(30, 0, -1))),
    ],
)
async def test_what_is_asked_has_to_hold_all_at_once(
    view: FakeView, asked: dict[str, str], sequences: list[int]
) -> None:
    if "text" in asked and asked["text"] == '","':
        sequences = [number for number in sequences if b'","' in bytes(view.entries[number - 1].body)]
    assert await found(view, **asked) == sequences


async def test_times_bound_the_search_and_the_entries_before_them_are_not_read(view: FakeView) -> None:
    since = await found(view, since="2026-11-23T18:59:30", until="2026-11-23T18:59:50")
    assert since == [28, 27]
    view.journal_reads.clear()
    await search(view, Wanted(since="2026-11-23T18:59:50"))
    assert len(view.journal_reads) == 1


async def test_the_first_entry_of_a_time_is_found_by_halving(view: FakeView) -> None:
    for number in range(30):
        at_ms = NOW_MS - 10_000 * (29 - number)
        assert await first_at(view, at_ms, 30) == number + 1
        assert await first_at(view, at_ms + 1, 30) == (number + 2 if number < 29 else 0)


async def test_a_page_is_full_and_the_next_goes_on_where_it_ended() -> None:
    view = FakeView()
    for _ in range(FOUND_MAX * 2 + 5):
        view.append(finding(), NOW_MS)
    first = await search(view, Wanted())
    assert (len(first.entries), first.is_full, first.next_before) == (FOUND_MAX, True, FOUND_MAX + 6)
    second = await search(view, Wanted(before=first.next_before))
    assert second.entries[0].sequence == first.entries[-1].sequence - 1
    third = await search(view, Wanted(before=second.next_before))
    assert (len(third.entries), third.next_before) == (5, 0)


async def test_a_question_looks_through_no_more_than_it_may_and_says_where_it_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert SCANNED_MAX >= 1000
    view = FakeView()
    for _ in range(25):
        view.append(finding(), NOW_MS)
    monkeypatch.setattr("daemon.http.console.journal.searching.SCANNED_MAX", 10)
    monkeypatch.setattr("daemon.http.console.journal.searching.SLICE", 5)
    some = await search(view, Wanted(actor="nobody"))
    assert (some.entries, some.looked, some.next_before, some.is_full) == ((), 10, 16, False)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": "nothing"}, "There is no kind"),
        ({"since": "yesterday"}, "since is a day or a time"),
        ({"before": "-1"}, "before is the number"),
        ({"text": "x" * 201}, "text has at most 200"),
        ({"since": "2026-11-24", "until": "2026-11-23"}, "not earlier than until"),
    ],
)
async def test_what_cannot_be_understood_is_said_with_what_to_do(
    client: httpx.AsyncClient, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(NotUnderstood):
        wanted_from(asked)
    answer = await client.get("/console/journal", params=asked)
    assert answer.status_code == 400
    assert said in answer.text
    part = await client.get("/console/journal", params=asked, headers={"hx-request": "true"})
    assert part.status_code == 200
    assert said in part.text


async def test_the_form_keeps_what_was_asked_and_htmx_gets_the_part_that_changes(client: httpx.AsyncClient) -> None:
    page = (await client.get("/console/journal?kind=automation.stopped&actor=ann")).text
    assert "<option selected>automation.stopped</option>" in page
    assert 'name="actor" maxlength="200" value="ann"' in page
    assert page.count("looking at rail") == 3
    part = (await client.get("/console/journal?actor=ann", headers={"hx-request": "true"})).text
    assert "<html" not in part
    assert part.count("looking at rail") == 3


async def test_one_entry_stands_between_its_neighbours_with_its_hash(client: httpx.AsyncClient, view: FakeView) -> None:
    page = (await client.get("/console/journal/14")).text
    assert view.entries[13].hash in page
    assert view.entries[12].hash in page
    assert page.count('class="badge cleared">so</span>') == 3
    for sequence in (11, 12, 13, 15, 16, 17):
        assert f'href="/console/journal/{sequence}"' in page
    newest = (await client.get("/console/journal/30")).text
    assert "it is the newest" in newest
    assert "It is the first" in (await client.get("/console/journal/1")).text


@pytest.mark.parametrize("sequence", ["0", "31", "x", "1e3", "99999999999999999", "-1"])
async def test_an_entry_that_is_not_there_is_404_with_the_ones_that_are(
    client: httpx.AsyncClient, sequence: str
) -> None:
    answer = await client.get(f"/console/journal/{sequence}")
    assert answer.status_code == 404
    assert "1 to 30" in answer.json()["detail"]


async def test_an_edited_entry_is_said_not_to_give_its_hash(client: httpx.AsyncClient, view: FakeView) -> None:
    view.entries[13] = msgspec.structs.replace(view.entries[13], actor="eve")
    page = (await client.get("/console/journal/14")).text
    assert page.count('class="badge breached">not so</span>') == 1
    assert "it was edited after it was written" in page


async def test_the_chain_is_proved_from_the_page_with_how_long_it_took(client: httpx.AsyncClient) -> None:
    before = (await client.get("/console/journal")).text
    assert "No data: it was not proved since this daemon started." in before
    part = (await client.get("/console/journal/verification", headers={"hx-request": "true"})).text
    assert "30 entries from the first give their hashes" in part
    assert "took " in part
    assert "30 entries from the first" in (await client.get("/console/journal")).text


@pytest.mark.parametrize("harm", ["edited", "replaced", "cut off", "rewritten"])
async def test_the_first_entry_that_is_wrong_is_named(view: FakeView, harm: str) -> None:
    match harm:
        case "edited":
            view.entries[11] = msgspec.structs.replace(view.entries[11], at_ms=1)
        case "replaced":
            other = FakeView()
            for _ in range(12):
                other.append(DaemonStarted(version="9", holder="x"), NOW_MS)
            view.entries[11] = other.entries[11]
        case "cut off":
            del view.entries[11:]
        case _:
            view.folded = msgspec.structs.replace(view.folded, hash="0" * 64)
    proof = await Prover(view, view.clock).prove()
    assert proof.first_bad == (30 if harm == "rewritten" else 12)
    assert proof.what


async def test_a_journal_that_is_longer_is_proved_from_a_place_that_follows_what_was_before(
    view: FakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving_module, "PROVED_MAX", 10)
    monkeypatch.setattr(proving_module, "SLICE", 4)
    proof = await Prover(view, view.clock).prove()
    assert (proof.first, proof.entries, proof.first_bad) == (21, 10, None)
    view.entries[19] = msgspec.structs.replace(view.entries[19], hash="f" * 64)
    assert (await Prover(view, view.clock).prove()).first_bad == 21


async def test_an_empty_journal_is_unbroken_and_has_no_entries() -> None:
    proof = await Prover(FakeView(), FakeView().clock).prove()
    assert (proof.entries, proof.first_bad) == (0, None)


async def test_a_journal_that_cannot_be_read_is_said_on_each_page(
    client: httpx.AsyncClient, view: FakeView, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_self: FakeView, _after: int, _limit: int) -> list[object]:
        raise JournalFailed("the disk is gone")

    monkeypatch.setattr(FakeView, "journal", broken)
    assert "the disk is gone" in (await client.get("/console/journal")).text
    assert "the disk is gone" in (await client.get("/console/journal/verification")).text
    assert (await client.get("/console/journal/4")).status_code == 503
    assert view.entries


def test_the_story_of_the_bad_canary_links_each_entry_to_the_next() -> None:
    view = bad_canary()
    assert [entry.previous_hash for entry in view.entries[1:]] == [entry.hash for entry in view.entries[:-1]]
