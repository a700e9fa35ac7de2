"""Renders the console's templates; everything put into them is escaped."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

CONSOLE_DIRECTORY = Path(__file__).parents[2] / "console"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(CONSOLE_DIRECTORY / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


def render(template: str, **values: object) -> str:
    """The template filled with the values; an unknown name is an error, never an empty string."""
    return _environment().get_template(template).render(values)
