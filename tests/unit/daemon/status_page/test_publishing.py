"""The page is written whole, when it changes and often enough to be seen to be kept; a fault costs no other place."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from daemon.status_page.places import Folder, PageNotWritten
from daemon.status_page.rendering import CONTENT_TYPES, INDEX, Renderer, feed_entries
from tests.unit.daemon.public.public_world import World, world
from tests.unit.daemon.status_page.test_document import NOW_MS, shown, update
from tests.unit.remediation.public.outside import shipped

ATOM = "{http://www.w3.org/2005/Atom}"


def atom(files: dict[str, bytes]) -> ET.Element:
    """The feed, read."""
    return ET.fromstring(files["feed.atom"])  # noqa: S314 - our own.


async def written() -> World:
    """A page that was written once."""
    here = await world()
    await here.page.step()
    return here


async def test_every_file_is_written_and_the_page_itself_last() -> None:
    here = await written()
    assert here.place.writes == list(CONTENT_TYPES)
    assert here.place.writes[-1] == INDEX
    assert here.page.written_at_ms == here.scene.clock.at_ms


async def test_nothing_is_written_while_nothing_changes_and_little_when_it_is_time() -> None:
    here = await written()
    here.place.writes.clear()
    here.later(59)
    await here.page.step()
    assert here.place.writes == []
    here.later(1)
    await here.page.step()
    # What says when it was written, and nothing else.
    assert here.place.writes == ["status.json", INDEX]


async def test_words_know_the_seal_of_their_entry_which_is_in_no_file() -> None:
    here = await written()
    await here.burn()
    await here.page.step()
    (entry,) = [one for one in await here.entries() if one.kind == "status.proposed"][:1]
    assert here.book.updates[f"upd-{entry.sequence}"].seal == entry.hash
    assert all(entry.hash.encode() not in content for content in here.place.files.values())


async def test_what_is_published_is_on_the_page_at_the_next_look() -> None:
    here = await written()
    await here.burn()
    await here.page.step()
    page = here.place.files[INDEX].decode()
    assert "Some payments are failing" in page
    assert "There is an outage" in page
    assert here.current.value().page.publish_within == 5.0


async def test_a_page_tells_when_nobody_can_be_believed() -> None:
    here = await written()
    here.is_watched[0] = False
    await here.page.step()
    assert "Nobody can say right now how our systems are" in here.place.files[INDEX].decode()


async def test_a_place_that_fails_is_tried_again_with_the_files_that_it_lacks() -> None:
    here = await world()
    here.place.faults = [PageNotWritten("disk full")]
    await here.page.step()
    assert (here.page.failures, here.page.written_at_ms) == (1, 0)
    await here.page.step()
    assert here.place.writes == []
    here.later(1)
    await here.page.step()
    assert here.place.writes == list(CONTENT_TYPES)
    assert here.page.written_at_ms > 0


async def test_other_words_are_taken_over_without_a_restart() -> None:
    here = await written()
    here.current.follow(shipped(company="Another Market"))
    await here.page.step()
    assert "Another Market status" in here.place.files[INDEX].decode()


async def test_a_file_is_whole_or_as_it_was_and_nothing_is_left_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Folder(tmp_path / "status")
    await folder.write("a.html", b"first", "text/html")

    def broken(_self: Path, _target: Path) -> Path:
        raise OSError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", broken)
        with pytest.raises(PageNotWritten, match="no room"):
            await folder.write("a.html", b"second", "text/html")
    assert (tmp_path / "status" / "a.html").read_bytes() == b"first"
    await folder.write("a.html", b"third", "text/html")
    assert [path.name for path in (tmp_path / "status").iterdir()] == ["a.html"]


def test_what_people_wrote_is_text_in_every_file() -> None:
    evil = '<script>alert("x")</script> & ]]>'
    plain = update()
    files = Renderer().files(shown(replace(plain, said=replace(plain.said, text=evil))))
    assert "<script>alert" not in files[INDEX].decode()
    (content,) = atom(files).iter(f"{ATOM}content")
    assert content.text == evil
    assert json.loads(files["status.json"])["open"][0]["updates"][0]["text"] == evil


def test_the_feeds_have_every_published_word_under_a_name_that_stays() -> None:
    later = update("identified", answered_ms=NOW_MS - 60_000)
    first, second = feed_entries(shown(update())), feed_entries(shown(update(), later))
    assert [one.title for one in second] == [
        "Identified: Some payments are failing",
        "Investigating: Some payments are failing",
    ]
    assert second[1] == first[0]
    files = Renderer().files(shown(update(), later))
    feed = json.loads(files["feed.json"])
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [one["id"] for one in feed["items"]] == [one.id for one in second]
    root = atom(files)
    assert [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")] == [one.id for one in second]
    assert root.findtext(f"{ATOM}updated") == second[0].at


def test_an_empty_feed_is_a_feed() -> None:
    root = atom(Renderer().files(shown()))
    assert list(root.iter(f"{ATOM}entry")) == []
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", root.findtext(f"{ATOM}updated") or "")


def test_the_page_asks_for_nothing_from_anywhere_else() -> None:
    page = Renderer().files(shown(update()))[INDEX].decode()
    assert set(re.findall(r'(?:src|href)="([^"#]+)"', page)) <= {*CONTENT_TYPES}
    assert "default-src 'none'" in page
    assert not re.search(r"\son\w+=|style=", page)
