"""Renders the console's templates; everything put into them is escaped."""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from daemon.http.console.acts.table import ACT_BY_NAME
from daemon.http.console.static import CONSOLE_DIRECTORY, asset_address


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
    environment.globals["asset"] = asset_address
    environment.globals["acts"] = ACT_BY_NAME
    return environment


def render(template: str, **values: object) -> str:
    """The template filled with the values; an unknown name is an error, never an empty string."""
    return _environment().get_template(template).render(values)
