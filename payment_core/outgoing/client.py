"""The HTTP client of all that asks: httpx's, which calls a connection that was reset as it was made what it is."""

from typing import Any

import httpx

RESET = "the connection was reset as it was made"


class HttpClient(httpx.AsyncClient):
    """Raises httpx.ConnectError where a server resets the connection between its being made and the first byte.

    uvloop has forgotten the socket by then, and anyio asks it all the same: an AttributeError, which nobody expects of
    a server that died and which would end the asking program.
    """

    async def send(self, request: httpx.Request, *args: Any, **options: Any) -> httpx.Response:  # noqa: ANN401  # httpx's
        """As httpx does. Raises httpx.HTTPError."""
        try:
            return await super().send(request, *args, **options)
        except AttributeError as error:
            if error.obj is not None or error.name != "getpeername":
                raise
            raise httpx.ConnectError(RESET, request=request) from error
