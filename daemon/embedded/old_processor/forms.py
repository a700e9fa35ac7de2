"""Form bodies with brackets, as the old processor's API takes them: ``card[exp_year]=2030`` is nested."""

from typing import Any
from urllib.parse import parse_qsl

FIELDS_MAX = 200
DEPTH_MAX = 5

Form = dict[str, Any]


class FormUnreadable(ValueError):
    """The body is no form of this API."""


def parse_form(body: bytes) -> Form:
    """The fields, nested as their brackets say. Raises FormUnreadable."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except (UnicodeDecodeError, ValueError) as fault:
        message = "the body is no form"
        raise FormUnreadable(message) from fault
    form: Form = {}
    for name, text in pairs:
        _put(form, name.replace("]", "").split("["), text)
    return form


def _put(form: Form, names: list[str], text: str) -> None:
    if len(names) > DEPTH_MAX or "" in names:
        message = "a field's name is nested too deeply, or empty"
        raise FormUnreadable(message)
    at = form
    for name in names[:-1]:
        at = at.setdefault(name, {})
        if not isinstance(at, dict):
            message = f"{name} is a value and holds others"
            raise FormUnreadable(message)
    at[names[-1]] = text
