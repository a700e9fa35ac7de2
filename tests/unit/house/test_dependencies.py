"""Every package that the code imports is declared, in the requirements of those who need it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.unit.house.import_statements import import_statements

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("config", "checks", "payment_core", "remediation", "daemon")
OURS = {*PRODUCT, "bench", "tests"}
# Parts of what is declared: the package that brings them decides their version.
BROUGHT_BY = {
    "aiohttp": "aiobotocore",
    "botocore": "aiobotocore",
    "certifi": "httpx",
    "markupsafe": "jinja2",
    "paho-mqtt": "aiomqtt",
    "pydantic-core": "pydantic",
    "typing-extensions": "pydantic",
}


def declared(*extras: str) -> set[str]:
    """Distributions that pyproject.toml names, for the runtime and these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = project["dependencies"] + [line for extra in extras for line in project["optional-dependencies"][extra]]
    return {_canonical(re.split(r"[<>=\\[]", line)[0]) for line in lines}


@cache
def installed() -> Mapping[str, list[str]]:
    """Distributions by top-level module."""
    return packages_distributions()


def imported(source: str) -> Iterator[str]:
    """Top-level modules that a file imports."""
    for node in import_statements(source):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif node.module is not None:
            yield node.module.partition(".")[0]


def undeclared(file: str, source: str, known: set[str]) -> list[str]:
    """What a file imports although nothing declares it."""
    distributions = installed()
    found = []
    for module in sorted(set(imported(source)) - OURS - set(sys.stdlib_module_names)):
        names = {_canonical(name) for name in distributions.get(module, [module])}
        names |= {BROUGHT_BY[name] for name in names if name in BROUGHT_BY}
        if not names & known:
            found.append(f"{file}: {module} is not declared in pyproject.toml")
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).strip().lower()


@pytest.mark.parametrize(
    ("folders", "extras"),
    [(PRODUCT, ("embedded",)), (("bench", "tests"), ("chat", "embedded", "parquet", "valkey", "dev"))],
    ids=["product", "tests"],
)
def test_every_import_is_declared(folders: tuple[str, ...], extras: tuple[str, ...]) -> None:
    known = declared(*extras)
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [
        line for path in files for line in undeclared(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"), known)
    ]
    assert not found, "\n".join(found)


def test_an_undeclared_import_is_found() -> None:
    known = declared()
    assert undeclared("daemon/app.py", "import pytest", known) == [
        "daemon/app.py: pytest is not declared in pyproject.toml"
    ]
    assert not undeclared("daemon/app.py", "import json, structlog, yaml\nfrom botocore.config import Config", known)
