"""The door to what experiments say: each variant, each comparison in words, and how often that is wrong."""

import re
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from config.flags import FLAG_KEY
from daemon.flags.parts import FlagParts
from daemon.http.doors import door
from remediation.flags.experiments.findings import FlagReport

_KEY = re.compile(FLAG_KEY, re.ASCII)


class FlagReportList(msgspec.Struct, frozen=True, kw_only=True):
    """By flag: its experiment that goes on, or the newest one that has ended."""

    reports: list[FlagReport]


class FlagReportDoor:
    """The handler. parts: None where no flags are kept."""

    def __init__(self, parts: FlagParts | None) -> None:
        self._held = parts

    async def show(self, request: Request) -> Response:
        """What every experiment says, or with ``flag`` that of one."""
        parts = door.held(self._held, "No flags are kept here.")
        flag = request.query_params.get("flag", "")
        if flag and _KEY.fullmatch(flag) is None:
            raise door.Refused(HTTPStatus.BAD_REQUEST, f"{flag!r:.100} cannot be the name of a flag.")
        reports = await parts.tally.reports(flag)
        if flag and not reports:
            raise door.Refused(HTTPStatus.NOT_FOUND, _none_of(flag))
        return door.answer(FlagReportList(reports=reports))


def _none_of(flag: str) -> str:
    how = "let its targeting draw customers to variants, with metadata.experiment true, or ramp it"
    return f"{flag} has no experiment; {how}."
