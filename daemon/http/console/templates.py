"""Renders the console's templates; everything put into them is escaped."""

from collections.abc import Hashable, Iterable
from functools import cache
from typing import Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from daemon.http.console.acts.table import ACT_BY_NAME
from daemon.http.console.static import CONSOLE_DIRECTORY, asset_address
from daemon.http.words.wording import shortened


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(CONSOLE_DIRECTORY / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["shortened"] = shortened
    environment.globals["asset"] = asset_address
    environment.globals["acts"] = ACT_BY_NAME
    return environment


def render(template: str, **values: object) -> str:
    """The template filled with the values; an unknown name is an error, never an empty string."""
    return _environment().get_template(template).render(values)


class Row(Hashable, Protocol):
    """One entry of a list, as plain values."""

    @property
    def sequence(self) -> int:
        """By which it is found again when it has changed."""


class RenderedRows:
    """A list whose rows are rendered once each, while they are on it. template: of one row, as ``row``."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._known: dict[Row, str] = {}

    def of(self, rows: Iterable[Row]) -> dict[str, str]:
        """Escaped HTML by key, in the order of the rows."""
        known = self._known
        self._known = {row: known[row] if row in known else render(self._template, row=row) for row in rows}
        return {str(row.sequence): html for row, html in self._known.items()}
