"""How a command asks a running daemon: where it is, who asks, what was refused and why, in exit codes."""

import re
from pathlib import Path
from typing import Any, NoReturn

import httpx
import msgspec
import typer

from config.load import SETTINGS_FILE
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from config.settings import Settings
from daemon.cli.options import TOKEN_VARIABLE, URL_VARIABLE, USUAL_URL
from daemon.cli.output import Exit, fail, waiting

LOOKING_SECONDS = 5.0
"""A daemon that does not answer a look within this time is down for whoever asks."""
ACTING_SECONDS = 60.0
"""Taking an action back looks at the world until it is so, or its time is over."""
BESIDE = Path("data")
"""Where `up` keeps its files unless it is told otherwise."""
NOBODY_THERE = f"is the daemon running there? start it, or give its address by --url or {URL_VARIABLE}"
REFUSALS = frozenset({403, 404, 409})
"""The daemon understood, and the answer is no."""
UNKNOWN_CALLER = 401
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""


class Unanswered(Exception):
    """The daemon gave no answer; whether it took what was sent is not known."""

    def __init__(self, address: str, why: object) -> None:
        super().__init__(f"{address} gave no answer: {why}")


class Declined(Exception):
    """The daemon's answer is no. status: of HTTP; said: its own sentence."""

    def __init__(self, address: str, status: int, said: str) -> None:
        super().__init__(f"{said} ({address} answered {status})")
        self.status = status
        self.said = said


def ask(
    method: str,
    url: str,
    token: str,
    resource: str,
    shape: Any,  # noqa: ANN401 - a type in, a value of it out.
    body: object = None,
    seconds: float | None = None,
) -> Any:  # noqa: ANN401 - as above.
    """The daemon's answer. Ends the command with 1 when the answer is no, 2 for bad input, 3 when it does not answer.

    resource: below ``/api/v1/``, without any part that a person typed unless it is checked by ``name_of``.
    seconds: how long the answer may take; None: as a look or an action usually does.
    """
    try:
        return answered(method, url, token, resource, shape, body, seconds)
    except Unanswered as fault:
        fail(f"{fault}\n  fix: {NOBODY_THERE}", Exit.WORLD_REFUSED)
    except Declined as no:
        refused(no)


def answered(
    method: str,
    url: str,
    token: str,
    resource: str,
    shape: Any,  # noqa: ANN401 - a type in, a value of it out.
    body: object = None,
    seconds: float | None = None,
) -> Any:  # noqa: ANN401 - as above.
    """The same for who goes on without a daemon. Raises Unanswered and Declined."""
    url, token = _reached(url, token)
    address = f"{url}/api/v1/{resource}"
    headers = {"authorization": f"Bearer {token}"} if token else {}
    content = None if body is None else msgspec.json.encode(body)
    try:
        usual = LOOKING_SECONDS if method == "GET" else ACTING_SECONDS
        limit = usual if seconds is None else seconds
        with httpx.Client(timeout=limit, trust_env=False) as client, waiting(f"asking {url}"):
            response = client.request(method, address, headers=headers, content=content)
        if response.is_success:
            return msgspec.json.decode(response.content, type=shape)
    except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as fault:
        raise Unanswered(address, fault) from fault
    problem = _problem(response)
    if problem is None:
        # A proxy, or another program on the port: its no is not the daemon's.
        raise Unanswered(address, f"something else answered {response.status_code}")
    raise Declined(address, response.status_code, problem)


def _reached(url: str, token: str) -> tuple[str, str]:
    """Address and token as given, else those of the `up` whose files are here; its token goes to no other address."""
    settings = BESIDE / "config" / SETTINGS_FILE
    beside = ""
    if settings.is_file():
        try:
            http = load_yaml(settings, Settings).value.http
        except ConfigurationError as problems:
            fail(str(problems), Exit.BAD_INPUT)
        beside = f"http://{http.host}:{http.port}"
    address = url or beside or USUAL_URL
    kept = BESIDE / "console-token"
    if not token and address == beside and kept.is_file():
        token = kept.read_text("ascii").strip()
    return address, token


def name_of(text: str, what: str) -> str:
    """The text, if it can be a name in an address. Ends the command with 2 when it cannot."""
    if _NAME.fullmatch(text) is None:
        fail(f"{text!r:.60} is no name of {what}\n  fix: copy it from the list", Exit.BAD_INPUT)
    return text


def confirmed(question: str, *, force: bool) -> list[str]:
    """Ask before something harms; a no ends the command with 1. What ``--force`` passed over, for the journal."""
    if force:
        return ["confirmation"]
    try:
        goes_on = typer.confirm(question)
    except typer.Abort:
        fail("\nnobody answered, and nothing was changed\n  fix: --force goes on without a question", Exit.NO)
    if not goes_on:
        fail("nothing was changed", Exit.NO)
    return []


def _problem(response: httpx.Response) -> str | None:
    """What the daemon says against it; None for an answer that is not one of a daemon."""
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.MsgspecError:
        return None
    said = problem.detail if problem.detail else problem.title
    return said if said else None


def refused(no: Declined) -> NoReturn:
    """End the command as the daemon's answer asks for."""
    if no.status == UNKNOWN_CALLER:
        fix = f"give your token by --token or {TOKEN_VARIABLE}; that of `up` is in console-token of its data directory"
        fail(f"{no}\n  fix: {fix}", Exit.WORLD_REFUSED)
    if no.status in REFUSALS:
        fail(str(no), Exit.NO)
    if no.status < 500:  # noqa: PLR2004 - everything else that is the caller's
        fail(str(no), Exit.BAD_INPUT)
    fail(str(no), Exit.WORLD_REFUSED)
