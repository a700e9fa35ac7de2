"""What is around every page of the console: navigation, who is signed in, and the files that it needs."""

from collections.abc import Mapping

from markupsafe import Markup
from starlette.requests import Request

from daemon.http.console.acts.permitted import permitted
from daemon.http.console.feed import ConsoleFeed
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.table import HEADER, SECTIONS
from daemon.http.console.templates import render


def shell(request: Request, page: ConsolePage, of: str, panels: Mapping[str, str]) -> str:
    """A live page. panels: escaped HTML by name."""
    return framed(request, f"pages/{page.name}.html", page.title, page.section, live=page.name, of=of, panels=panels)


async def still(request: Request, feed: ConsoleFeed, template: str, title: str, section: str, **values: object) -> str:
    """A page that shows one answer, under a header that is live all the same."""
    snapshot = await feed.snapshot(HEADER, "", 0)
    told = {} if snapshot is None else snapshot.panels
    panels = {name: Markup(html) for name, html in told.items()}  # noqa: S704  # rendered and escaped by our own templates
    return framed(request, template, title, section, panels=panels, **values)


def framed(request: Request, template: str, title: str, section: str, **values: object) -> str:
    """A template that extends ``base.html``. live: the page whose stream it follows; without one the overview's."""
    given = {"live": "", "of": "", "panels": {}} | values
    principal, session = request.state.principal, request.state.session
    csrf = "" if session is None else session.csrf
    page = render(template, title=title, section=section, sections=SECTIONS, principal=principal, csrf=csrf, **given)
    return permitted(page, principal.role)
