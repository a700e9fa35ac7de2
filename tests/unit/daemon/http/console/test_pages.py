"""Every page of the console: with everything on it, with nothing to show, and with texts that mean harm."""

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import cast

import httpx
import pytest
import pytest_asyncio

from daemon.http.app import create_app
from daemon.http.console.pages.table import PAGES, SECTIONS
from daemon.http.options import HttpOptions
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.http.conftest import RememberingSink
from tests.unit.daemon.http.deploying import ID
from tests.unit.daemon.http.fake_view import FakeView, token_of
from tests.unit.daemon.http.full_house import full_house
from tests.unit.daemon.http.story import options

# One house is built for all, so its loop lives as long as the module.
pytestmark = pytest.mark.asyncio(loop_scope="module")

XSS = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"
OF = {
    "deployment": ID,
    "flag": "processor",
    "rule": "payment-failure-rate",
    "incident": "inc-4",
    "procedure": "payment-failures",
}
"""Which one, for the pages that show one of many."""


def addresses() -> list[str]:
    live = [page.path.replace("{of}", OF.get(page.name, "")) for page in PAGES]
    return [*live, "/console/journal", "/console/journal/4", "/console/journal/verification"]


def client_of(view: FakeView, told: HttpOptions) -> httpx.AsyncClient:
    app = create_app(view, RememberingSink(), cast("Quarantine", None), told)
    headers = {"authorization": f"Bearer {token_of('viewer')}"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till.test", headers=headers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def full(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """One house for all pages: none of them changes anything in it."""
    view, told = await full_house(tmp_path_factory.mktemp("full"))
    async with client_of(view, told) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hostile(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """The same with a text that means harm wherever the world may put one."""
    view, told = await full_house(tmp_path_factory.mktemp("hostile"), XSS)
    async with client_of(view, told) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def empty() -> AsyncIterator[httpx.AsyncClient]:
    """A daemon that knows of nothing."""
    view = FakeView()
    told = HttpOptions(tokens=options(view).tokens, current_rules=tuple, version="0.1.0", clock=view.clock)
    async with client_of(view, told) as client:
        yield client


class Outline(HTMLParser):
    """What assistive technology goes by: headings, landmarks, tables, ids, and what points at what."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.landmarks: list[str] = []
        self.ids: list[str] = []
        self.labelled_by: set[str] = set()
        self.tables = self.captions = self.bare_heads = 0
        self.styles: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what matters of it."""
        given = dict(attrs)
        if tag in {"h1", "h2", "h3"}:
            self.headings.append(int(tag[1]))
        if tag in {"main", "nav", "header"}:
            self.landmarks.append(tag)
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.bare_heads += tag == "th" and given.get("scope") not in {"col", "row"}
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if given.get("aria-labelledby"):
            self.labelled_by.add(str(given["aria-labelledby"]))
        if "style" in given or any(name.startswith("on") for name in given):
            self.styles.append(tag)


@pytest.mark.parametrize("address", addresses())
async def test_a_full_page_has_one_heading_of_its_own_its_landmarks_and_named_tables(
    full: httpx.AsyncClient, address: str
) -> None:
    answer = await full.get(address)
    assert answer.status_code == 200
    outline = Outline(answer.text)
    assert outline.headings.count(1) == 1
    assert all(deeper - before <= 1 for before, deeper in zip(outline.headings, outline.headings[1:], strict=False))
    assert sorted(outline.landmarks) == ["header", "main", "nav"]
    assert outline.tables == outline.captions
    assert outline.bare_heads == 0
    assert len(outline.ids) == len(set(outline.ids)), "an id names one thing"
    assert outline.labelled_by <= set(outline.ids)
    assert outline.styles == []


@pytest.mark.parametrize("address", [one for one in addresses() if "/4" not in one])
async def test_an_empty_system_is_said_to_have_no_data_and_claims_nothing(
    empty: httpx.AsyncClient, address: str
) -> None:
    answer = await empty.get(address)
    if any(f"/{of}" in address for of in OF.values()):
        assert answer.status_code == 404
        assert "has no" in answer.json()["detail"]
        return
    assert answer.status_code == 200
    assert 'data-level="unknown"' in answer.text
    main = answer.text.split("<main")[1]
    for claim in (">100 %", ">$0.00", "balanced<", ">healthy<", ">holds<", ">met<", ">safe<"):
        assert claim not in main, claim


async def test_pages_that_rest_on_the_cores_say_no_data_while_no_core_is_asked(empty: httpx.AsyncClient) -> None:
    for address, words in (
        ("/console/ledger", "No core is asked."),
        ("/console/fraud", "No core is asked."),
        ("/console/costs", "No data: no capture of this month was counted."),
        ("/console/schedules", "No data: nobody is told of anything from here."),
        ("/console/scaling", "No data: nothing was decided"),
        ("/console/flags", "No data: no flags are kept here."),
        ("/console/procedures", "No data: nobody walks procedures from here."),
        ("/console/deployments", "No data: nothing is deployed from here"),
    ):
        assert words in (await empty.get(address)).text, address


@pytest.mark.parametrize("address", addresses())
async def test_hostile_text_is_text_on_every_page(hostile: httpx.AsyncClient, address: str) -> None:
    page = (await hostile.get(address)).text
    assert "<img" not in page
    assert "alert(2)</script>" not in page
    assert "onerror=alert(1)>" not in page


@pytest.mark.parametrize("address", ["/console/fraud", "/console/costs", "/console/schedules"])
async def test_hostile_text_is_shown_where_it_came_from(hostile: httpx.AsyncClient, address: str) -> None:
    assert "&lt;img src=x" in (await hostile.get(address)).text


async def test_whoever_is_not_signed_in_is_led_to_the_form(empty: httpx.AsyncClient) -> None:
    for address in addresses():
        answer = await empty.get(address, headers={"authorization": ""})
        assert answer.status_code == 303, address
        assert answer.headers["location"].startswith("/console/login")


async def test_every_section_of_the_navigation_leads_to_a_page_that_says_it_is_there(full: httpx.AsyncClient) -> None:
    for section in SECTIONS:
        answer = await full.get(section.href)
        assert answer.status_code == 200, section
        assert f'<a href="{section.href}" aria-current="page">{section.title}</a>' in answer.text


async def test_a_page_that_no_table_names_does_not_exist(full: httpx.AsyncClient) -> None:
    assert (await full.get("/console/nothing")).status_code == 404
    assert (await full.get("/console/stream?page=nothing")).status_code == 404
    assert (await full.get(f"/console/flags/{'x' * 300}")).status_code == 404


async def test_every_asset_of_a_page_has_its_digest_in_its_name_and_is_kept_for_ever(full: httpx.AsyncClient) -> None:
    page = (await full.get("/console")).text
    names = [part.split('"')[0] for part in page.split("/console/static/")[1:]]
    assert len(names) >= 5
    for name in names:
        answer = await full.get(f"/console/static/{name}", headers={"accept-encoding": "gzip"})
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
    plain = await full.get("/console/static/console.css")
    assert plain.headers["cache-control"] == "private, no-cache"
