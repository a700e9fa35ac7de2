"""The page about the API names every type of problem, every route of its own, and nothing that does not exist."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import payment_core
from payment_core.keys.refusals import EntryRefusal
from payment_core.operations.once import OnceRefusal
from tests.unit.payment_core.http.api_world import World

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
LAYER = (ROOT / "payment_core" / "http" / "problems.py").read_text("utf-8")
TYPES = set(re.findall(r"^\| `([a-z0-9-]+)` \| \d{3} \|", PAGE, re.MULTILINE))


def refusal_enums() -> Iterator[type[StrEnum]]:
    """The refusals of every domain, of the keys, and of a caller who is not known."""
    yield OnceRefusal
    yield EntryRefusal
    for module in pkgutil.iter_modules(payment_core.__path__):
        name = f"payment_core.{module.name}.refusals"
        if importlib.util.find_spec(f"payment_core.{module.name}") is None or not module.ispkg:
            continue
        if importlib.util.find_spec(name) is None:
            continue
        for _, value in inspect.getmembers(importlib.import_module(name), inspect.isclass):
            if issubclass(value, StrEnum) and value.__module__ == name:
                yield value


def test_the_page_names_every_refusal() -> None:
    enums = list(refusal_enums())
    assert len(enums) > 5
    missing = {member.value.replace("_", "-") for enum in enums for member in enum} - TYPES
    assert not missing, f"add to docs/api.md: {sorted(missing)}"


def test_the_page_names_every_problem_of_the_layer() -> None:
    kinds = set(re.findall(r'(?:_plain|problem)\(\s*"([a-z-]+)"', LAYER))
    assert {"not-found", "rate-limited", "internal", "invalid-request"} <= kinds
    assert not kinds - TYPES, f"add to docs/api.md: {sorted(kinds - TYPES)}"


def test_the_page_names_every_route_of_keys_webhooks_and_ledger() -> None:
    for route in World().app.routes:
        if route.path.startswith(("/v1/keys", "/v1/webhook")):
            assert f"{route.method} {route.path}" in PAGE
