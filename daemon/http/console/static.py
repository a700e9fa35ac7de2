"""Serves the console's static files from memory; a name that was not there at start does not exist."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from daemon.http.problems import problem

CONSOLE_DIRECTORY = Path(__file__).parents[2] / "console"

DIGEST_LENGTH = 12
"""Hex digits of a file's content in its address: a new content is a new address."""

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".md": "text/markdown"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file. zipped: its bytes as gzip, made once, as small as it gets. lasting: its name has its content's digest."""

    body: bytes
    zipped: bytes
    media_type: str
    tag: str
    lasting: bool


@cache
def assets() -> Mapping[str, Asset]:
    """Every file by its plain name, and by its name with a digest; about 200 kB."""
    found: dict[str, Asset] = {}
    for path in sorted((CONSOLE_DIRECTORY / "static").iterdir()):
        media_type = _MEDIA_TYPES.get(path.suffix)
        if media_type is None:
            continue
        body = path.read_bytes()
        zipped, tag = gzip.compress(body, 9, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        found[path.name] = Asset(body, zipped, media_type, tag, lasting=False)
        found[_lasting_name(path.name, body)] = Asset(body, zipped, media_type, tag, lasting=True)
    return MappingProxyType(found)


def asset_address(name: str) -> str:
    """Where a browser gets the file, and need never ask again."""
    return f"/console/static/{_lasting_name(name, assets()[name].body)}"


def _lasting_name(name: str, body: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(body).hexdigest()[:DIGEST_LENGTH]}.{suffix}"


class StaticFiles:
    """Reads the folder once."""

    def __init__(self) -> None:
        self._files = assets()

    async def serve(self, request: Request) -> Response:
        """The file, packed when the browser can, or 304 when it has this very version."""
        asset = self._files.get(request.path_params["name"])
        if asset is None:
            return problem(HTTPStatus.NOT_FOUND, "There is no such file.", instance=request.url.path)
        kept = "private, max-age=31536000, immutable" if asset.lasting else "private, no-cache"
        headers = {"etag": asset.tag, "cache-control": kept, "vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == asset.tag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            packed = headers | {"content-encoding": "gzip"}
            return Response(asset.zipped, headers=packed, media_type=asset.media_type)
        return Response(asset.body, headers=headers, media_type=asset.media_type)
