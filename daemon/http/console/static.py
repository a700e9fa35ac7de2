"""Serves the console's static files from memory; a name that was not there at start does not exist."""

import hashlib
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from daemon.http.console.templates import CONSOLE_DIRECTORY
from daemon.http.problems import problem

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".md": "text/markdown"}


class StaticFiles:
    """Reads the folder once; about 80 kB."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, str, str]] = {}
        for path in sorted((CONSOLE_DIRECTORY / "static").iterdir()):
            media_type = _MEDIA_TYPES.get(path.suffix)
            if media_type is not None:
                body = path.read_bytes()
                self._files[path.name] = (body, media_type, f'"{hashlib.sha256(body).hexdigest()[:16]}"')

    async def serve(self, request: Request) -> Response:
        """The file, or 304 when the browser has this very version."""
        found = self._files.get(request.path_params["name"])
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "There is no such file.", instance=request.url.path)
        body, media_type, tag = found
        headers = {"etag": tag, "cache-control": "private, no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, headers=headers, media_type=media_type)
