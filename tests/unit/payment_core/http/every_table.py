"""Every route table of the payment core, found by its name and made without the parts behind it."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from unittest.mock import MagicMock

import payment_core.http.tables
from payment_core.http.openapi import description_route
from payment_core.http.routes import Route


def tables() -> Iterator[tuple[str, tuple[Route, ...]]]:
    """Each function ``<domain>_routes`` of ``payment_core/http/tables/`` with what it gives."""
    for module in pkgutil.walk_packages(payment_core.http.tables.__path__, "payment_core.http.tables."):
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if name.endswith("_routes") and not name.startswith("_") and function.__module__ == loaded.__name__:
                needed = {
                    parameter.name: MagicMock()
                    for parameter in inspect.signature(function).parameters.values()
                    if parameter.default is inspect.Parameter.empty
                }
                yield name, function(**needed)


def every_route() -> tuple[Route, ...]:
    """The routes of all tables, and the description of them."""
    found = tuple(route for _, table in tables() for route in table)
    return (*found, description_route(found, "1.0.0"))
