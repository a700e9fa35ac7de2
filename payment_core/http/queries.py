"""Reads the parameters of a query: only the declared ones, each once, decoded and within its limits."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from checks.redaction.card_numbers import holds_card_number
from payment_core.answers import Answer
from payment_core.http import problems
from payment_core.http.routes import QueryParameter

PARAMETERS_MAX = 32
"""More than any route has; what is longer is not even parsed."""


class QueryReader:
    """The parameters of one route."""

    def __init__(self, parameters: tuple[QueryParameter, ...]) -> None:
        self._parameters = {parameter.name: parameter for parameter in parameters}
        self._patterns = {
            parameter.name: re.compile(parameter.pattern) for parameter in parameters if parameter.kind == "string"
        }
        self._defaults: Mapping[str, int | str] = {parameter.name: parameter.default for parameter in parameters}

    def read(self, query: bytes, instance: str) -> Mapping[str, int | str] | Answer:
        """Every declared parameter with its value or default, or the problem with the first that is wrong."""
        if query == b"":
            return self._defaults
        try:
            pairs = parse_qsl(
                query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX
            )
        except ValueError:
            return problems.invalid_request(instance, "?", "the query is not readable as name=value pairs in UTF-8")
        values = dict(self._defaults)
        seen: set[str] = set()
        for name, text in pairs:
            parameter = self._parameters.get(name)
            if parameter is None:
                known = ", ".join(self._parameters) if self._parameters else "none"
                return problems.invalid_request(instance, "?", f"holds an unknown parameter; known here: {known}")
            if name in seen:
                return problems.invalid_request(instance, f"?{name}", "is there twice")
            seen.add(name)
            value = self._value(parameter, text)
            if value is None:
                return problems.invalid_request(instance, f"?{name}", _demand(parameter))
            values[name] = value
        return values

    def _value(self, parameter: QueryParameter, text: str) -> int | str | None:
        if parameter.kind == "integer":
            whole = text.isascii() and text.isdigit() and len(text) <= len(str(parameter.most))
            return int(text) if whole and parameter.least <= int(text) <= parameter.most else None
        fits = self._patterns[parameter.name].fullmatch(text) is not None
        return text if fits and not holds_card_number(text) else None


def schema_of(parameter: QueryParameter) -> dict[str, int | str]:
    """The parameter's JSON Schema."""
    if parameter.kind == "integer":
        return {
            "type": "integer",
            "minimum": parameter.least,
            "maximum": parameter.most,
            "default": parameter.default,
        }
    return {"type": "string", "pattern": parameter.pattern, "default": parameter.default}


def _demand(parameter: QueryParameter) -> str:
    if parameter.kind == "integer":
        return f"has to be a whole number from {parameter.least} to {parameter.most}"
    return f"has to be like {parameter.pattern}"
