"""Options that many commands have: one name, the same words and the same default everywhere."""

from pathlib import Path
from typing import Annotated, Any

import typer

TOKEN_VARIABLE = "TILLWATCH_TOKEN"  # noqa: S105  # the name of a variable, not a token
URL_VARIABLE = "TILLWATCH_URL"
USUAL_URL = "http://127.0.0.1:8080"


def usable_address(url: str) -> str:
    """The address without the slash at its end, before anything is asked or done; empty when none was given."""
    # Most commands that have other options of these ask no daemon.
    from pydantic_core import PydanticCustomError  # noqa: PLC0415 - as above.

    from config.loading.url import usable_url  # noqa: PLC0415 - as above.

    try:
        return usable_url(url).rstrip("/") if url else ""
    except PydanticCustomError as refusal:
        raise typer.BadParameter(f"{refusal.message()}; write one such as {USUAL_URL}") from refusal


def usable_token(token: str) -> str:
    """The token without the line's end that a file or a paste leaves at it; what is wrong with one never shows it."""
    token = token.strip()
    if not token.isascii() or not token.isprintable():
        raise typer.BadParameter("it has a character that no token has; copy it again")
    return token


Url = Annotated[
    str,
    typer.Option(
        help="The running daemon; the `up` of ./data when left out.", envvar=URL_VARIABLE, callback=usable_address
    ),
]
Token = Annotated[
    str,
    typer.Option(
        envvar=TOKEN_VARIABLE,
        callback=usable_token,
        help="Yours; its name goes into the journal. That of ./data when left out.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON; the last line of stdout is the answer.")]
Force = Annotated[bool, typer.Option("--force", help="Do not ask before; every guard still holds.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Look at everything, say what would be done, and do nothing.")]
DataDir = Annotated[Path, typer.Option("--data-dir", help="The data directory: journal, payments, keys, reports.")]
Picture = Annotated[Path | None, typer.Option("--picture", metavar="FILE.svg", help="Draw a picture into this file.")]
At = Annotated[str, typer.Option("--at", help="A moment with its offset; now when left out.")]
Reason = Annotated[str, typer.Option(help="Why; the journal keeps it beside your name.")]


def directory_with(files: str) -> Any:  # noqa: ANN401 - what typer takes is not typed.
    """``--config`` of a command that reads these files of the directory."""
    return typer.Option("--config", help=f"Directory with {files}; as packaged when left out.")
