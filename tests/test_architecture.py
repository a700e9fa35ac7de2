"""The import directions of the house, and the one place of each third-party client."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "config": (),
    "checks": ("config",),
    "payment_core": ("checks", "config"),
    "remediation": ("checks", "config"),
    "daemon": ("remediation", "payment_core", "checks", "config"),
}
OURS = (*MAY_IMPORT, "bench", "tests")
PLACES = {
    "aiobotocore": ("daemon/aws/*", "payment_core/aws/*"),
    "aiohttp": ("daemon/aws/*",),
    "aiomqtt": ("daemon/sources/mqtt.py",),
    "apscheduler": ("daemon/schedule.py",),
    "asyncssh": ("payment_core/ach/delivery/ssh_*.py",),
    "botocore": ("daemon/aws/*", "payment_core/aws/*"),
    "cryptography": ("daemon/sources/sns_signatures.py", "payment_core/vault/*", "payment_core/audit/signing.py"),
    "dateutil": ("config/calendars/recurrence.py",),
    "holidays": ("checks/banking_days.py",),
    "httpx": (
        "daemon/cores/api.py",
        "daemon/probes/*",
        "daemon/embedded/*",
        "daemon/environments/processes.py",
        "daemon/cli/*",
        "daemon/traces/*",
        "payment_core/webhooks/sending.py",
    ),
    "jinja2": ("daemon/http/console/templates.py",),
    "ministack": ("daemon/embedded/*",),
    "opentelemetry": ("daemon/traces/spans.py",),
    "paho": ("daemon/sources/mqtt.py",),
    "prometheus_client": (
        "daemon/http/metrics.py",
        "payment_core/metrics/domain_metrics.py",
        "payment_core/metrics/process_metrics.py",
    ),
    "mangum": ("payment_core/aws/container.py",),
    "rapidfuzz": ("payment_core/fraud/screening.py",),
    "rich": ("daemon/cli/*",),
    "typer": ("daemon/cli/*",),
    "uvicorn": ("daemon/server.py", "payment_core/server.py"),
    "yaml": ("config/loading/tree.py", "daemon/embedded/layout.py"),
}
IMPURE = ("aiobotocore", "asyncio", "httpx", "os", "socket", "sqlite3", "subprocess", "threading", "time")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every imported module with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."


def impurities(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every coroutine and every reading of a clock or a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield node.lineno, "async code"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("datetime.now", "datetime.utcnow")):
            yield node.lineno, "a clock"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "open":
            yield node.lineno, "a file"


def problems(file: str, source: str) -> list[str]:
    """What breaks the house in this file: file, line and fix."""
    package, tree, found = file.split("/", maxsplit=1)[0], ast.parse(source), []
    for line, module in imports(tree):
        top = module.split(".", maxsplit=1)[0]
        if top in OURS and top != package and top not in MAY_IMPORT[package]:
            allowed = ", ".join(MAY_IMPORT[package]) or "nothing of ours"
            found.append(f"{file}:{line}: {package} imports {top}; it may import {allowed}: move the shared part down")
        if top in PLACES and not any(fnmatch(file, place) for place in PLACES[top]):
            found.append(f"{file}:{line}: {top} outside {', '.join(PLACES[top])}; ask for a Port instead")
        if package == "checks" and top in IMPURE:
            found.append(f"{file}:{line}: checks imports {top}; pass the value in (now_ms, facts)")
    if package == "checks":
        found += [
            f"{file}:{line}: {what} in checks; do it in daemon/ and pass the result" for line, what in impurities(tree)
        ]
    return found


def test_the_house_keeps_its_directions() -> None:
    files = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]
    assert files
    found = [line for path in files for line in problems(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("file", "source", "part"),
    [
        ("config/load.py", "import checks.facts", "config imports checks; it may import nothing of ours"),
        ("checks/engine.py", "from payment_core import api", "checks imports payment_core"),
        ("checks/engine.py", "import bench.engine", "checks imports bench"),
        ("payment_core/api.py", "from remediation.decide import decide", "payment_core imports remediation"),
        ("payment_core/api.py", "def f():\n    import daemon.app", ":2: payment_core imports daemon"),
        ("remediation/decide.py", "import payment_core", "remediation imports payment_core"),
        ("daemon/app.py", "import tests.conftest", "daemon imports tests"),
        ("daemon/app.py", "from aiobotocore.session import get_session", "aiobotocore outside daemon/aws/*"),
        ("payment_core/relay.py", "import botocore.exceptions", "botocore outside"),
        ("payment_core/ach/delivery/sftp.py", "import asyncssh", "asyncssh outside payment_core/ach/delivery/ssh_*.py"),
        ("daemon/sources/devices.py", "import aiomqtt", "aiomqtt outside daemon/sources/mqtt.py"),
        ("daemon/sources/devices.py", "import paho.mqtt.client", "paho outside daemon/sources/mqtt.py"),
        ("daemon/app.py", "import apscheduler", "apscheduler outside daemon/schedule.py"),
        ("daemon/pipeline.py", "import httpx", "httpx outside"),
        ("daemon/app.py", "import ministack", "ministack outside daemon/embedded/*"),
        ("remediation/decide.py", "import prometheus_client", "prometheus_client outside"),
        ("daemon/aws/sqs.py", "import uvicorn", "uvicorn outside"),
        ("remediation/guardrails/guard.py", "import yaml", "yaml outside"),
        ("daemon/http/api.py", "import typer", "typer outside daemon/cli/*"),
        ("daemon/app.py", "from rich.table import Table", "rich outside"),
        ("daemon/http/console/page.py", "import jinja2", "jinja2 outside"),
        ("payment_core/aws/sqs.py", "import aiohttp", "aiohttp outside"),
        ("payment_core/desk.py", "from cryptography.fernet import Fernet", "cryptography outside"),
        ("checks/engine.py", "import time", "checks imports time"),
        ("checks/engine.py", "from socket import socket", "checks imports socket"),
        ("checks/engine.py", "import asyncio", "checks imports asyncio"),
        ("checks/engine.py", "import sqlite3", "checks imports sqlite3"),
        ("checks/engine.py", "x = datetime.datetime.now()", "a clock in checks"),
        ("checks/engine.py", "x = open('f')", "a file in checks"),
        ("checks/engine.py", "async def f(): ...", "async code in checks"),
    ],
)
def test_each_direction_has_teeth(file: str, source: str, part: str) -> None:
    found = problems(file, source)
    assert any(part in line for line in found), found


def test_allowed_imports_pass() -> None:
    assert not problems("daemon/app.py", "import remediation.decide, payment_core.api, checks.facts, config.load")
    assert not problems("daemon/aws/sqs.py", "import aiobotocore.session, botocore.exceptions, asyncio, time")
    assert not problems("checks/rules.py", "import ast\nfrom config.rules.rule_file import Rule")
