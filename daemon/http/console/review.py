"""The review of an incident as a page to read and to print."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from daemon.http.console.feed import ConsoleFeed
from daemon.http.console.shell import still
from daemon.http.doors.incidents import IncidentDoor


class ReviewPage:
    """``/console/incidents/ID/review``: the Markdown of `daemon.http.words.review`, as text."""

    def __init__(self, feed: ConsoleFeed, incidents: IncidentDoor) -> None:
        self._feed = feed
        self._incidents = incidents

    async def show(self, request: Request) -> Response:
        """The page; 404 for no such incident."""
        found = await self._incidents.reviewed(request.path_params["incident_id"])
        title = f"Review of {found.incident_id}"
        return HTMLResponse(await still(request, self._feed, "pages/review.html", title, "incidents", review=found))
