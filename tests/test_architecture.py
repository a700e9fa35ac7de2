"""The import directions of the house, which of its parts are pure, and the one place of each third-party client."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.unit.house.import_statements import import_statements

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
    "aiomqtt": (
        "daemon/channels/kinds/mqtt.py",
        "daemon/flags/broker.py",
        "daemon/sources/mqtt.py",
        "payment_core/flags/arriving/mqtt*.py",
    ),
    "aiosmtplib": ("daemon/channels/kinds/mail.py",),
    "apprise": ("daemon/channels/kinds/chat.py",),
    "apscheduler": ("daemon/schedule.py",),
    "asyncssh": ("payment_core/ach/delivery/ssh_*.py",),
    "botocore": ("daemon/aws/*", "payment_core/aws/*"),
    "cbor2": ("payment_core/flags/targeting/bucketing.py",),
    "cryptography": ("daemon/sources/sns_signatures.py", "payment_core/vault/*", "payment_core/audit/signing.py"),
    "dateutil": ("config/calendars/recurrence.py",),
    "holidays": ("checks/banking_days.py",),
    "httpx": (
        "daemon/cores/api.py",
        "daemon/probes/*",
        "daemon/embedded/*",
        "daemon/environments/processes.py",
        "daemon/cli/*",
        "daemon/http/sessions/*",
        "daemon/traces/*",
        "payment_core/flags/arriving/polling.py",
        "payment_core/outgoing/client.py",
        "payment_core/migration/running/old_http.py",
        "payment_core/webhooks/sending.py",
    ),
    "jinja2": ("daemon/http/console/templates.py", "daemon/status_page/*"),
    "jwt": ("daemon/http/sessions/*",),
    "ministack": ("daemon/embedded/*",),
    "mmh3": ("payment_core/flags/targeting/bucketing.py",),
    "openfeature": ("payment_core/flags/provider.py",),
    "opentelemetry": ("daemon/traces/spans.py",),
    "paho": ("daemon/channels/kinds/mqtt.py", "daemon/sources/mqtt.py", "payment_core/flags/arriving/mqtt.py"),
    "prometheus_client": (
        "daemon/http/metrics.py",
        "payment_core/metrics/*_metrics.py",
    ),
    "mangum": ("payment_core/aws/container.py",),
    "pysequoia": ("daemon/embedded/exports/*", "daemon/embedded/old_processor/*", "payment_core/migration/export/*"),
    "rapidfuzz": ("payment_core/fraud/screening.py",),
    "rich": ("daemon/cli/*",),
    "semver": ("payment_core/flags/targeting/versions.py",),
    "typer": ("daemon/cli/*",),
    "uvicorn": ("daemon/server.py", "payment_core/server.py"),
    "yaml": ("config/loading/tree.py", "daemon/embedded/layout.py"),
}
DOORS = {
    "daemon.app": ("daemon/cli/*",),
    "daemon.cli": ("daemon/cli/*", "daemon/__main__.py"),
    "daemon.embedded": ("daemon/embedded/*", "daemon/cli/*"),
    "daemon.http": ("daemon/http/*", "daemon/app.py", "daemon/cli/*", "daemon/embedded/*"),
    "daemon.parts": ("daemon/app.py", "daemon/duties.py"),
    "payment_core.assembly": (
        "payment_core/assembly/*",
        "payment_core/server.py",
        "payment_core/lambda_handler.py",
        "daemon/cli/core/*",
    ),
    "payment_core.http": (
        "payment_core/http/*",
        "payment_core/assembly/*",
        "payment_core/server.py",
        "payment_core/lambda_handler.py",
    ),
}
"""What stands on top of others: only these may import it."""
IGNORANT = {
    "daemon/storage/*": ("daemon.pipeline", "daemon.view", "daemon.sources"),
    "daemon/translate/*": ("daemon.storage", "daemon.sources", "daemon.aws"),
    "daemon/view/*": ("daemon.pipeline", "daemon.aws", "daemon.sources", "remediation.executor", "remediation.actions"),
    "payment_core/ledger/*": ("payment_core.payments", "payment_core.escrow", "payment_core.payouts"),
    "payment_core/store/*": ("payment_core.payments", "payment_core.escrow", "payment_core.payouts"),
    "payment_core/vault/*": ("payment_core.store", "payment_core.methods", "payment_core.payments"),
    "remediation/deployment/works/*": ("remediation.executor", "remediation.actions"),
}
"""What must not know of these: it reads only, or is below them."""
PURE = (
    "checks/*",
    "daemon/channels/answers.py",
    "daemon/channels/change_words.py",
    "daemon/channels/cutting.py",
    "daemon/channels/kinds/letter.py",
    "daemon/channels/kinds/preview.py",
    "daemon/channels/kinds/sms_text.py",
    "daemon/channels/pace.py",
    "daemon/channels/routing.py",
    "daemon/channels/setbacks.py",
    "daemon/costs/figures.py",
    "daemon/embedded/old_processor/book.py",
    "daemon/embedded/old_processor/forms.py",
    "daemon/embedded/old_processor/objects.py",
    "daemon/incidents/outside/pagerduty.py",
    "daemon/incidents/outside/signatures.py",
    "daemon/http/console/acts/permitted.py",
    "daemon/http/console/incident/rows.py",
    "daemon/http/console/incident/words.py",
    "daemon/http/sessions/identity.py",
    "daemon/http/sessions/needed.py",
    "daemon/http/sessions/own_page.py",
    "daemon/http/console/figures/*",
    "daemon/http/console/journal/rows.py",
    "daemon/http/console/journal/wanted.py",
    "daemon/http/words/*",
    "daemon/translate/*",
    "daemon/view/declines.py",
    "payment_core/ach/building/*",
    "payment_core/ach/codes/*",
    "payment_core/ach/reading/*",
    "payment_core/ach/records/*",
    "payment_core/ach/validation/*",
    "payment_core/audit/sums.py",
    "payment_core/flags/checking.py",
    "payment_core/flags/document.py",
    "payment_core/flags/targeting/*",
    "payment_core/ledger/posting.py",
    "payment_core/migration/export/decoding/*",
    "payment_core/migration/export/framing/*",
    "payment_core/migration/export/recording.py",
    "payment_core/migration/export/shapes/*",
    "payment_core/migration/feed/*",
    "payment_core/migration/jobs/accounts.py",
    "payment_core/migration/jobs/cards.py",
    "payment_core/migration/jobs/digests.py",
    "payment_core/migration/jobs/history/bodies.py",
    "payment_core/migration/jobs/history/recipe.py",
    "payment_core/migration/jobs/texts.py",
    "payment_core/migration/proof/*",
    "payment_core/migration/reconciling/folding.py",
    "payment_core/migration/reconciling/rendering.py",
    "payment_core/migration/running/dual_write/calls.py",
    "payment_core/migration/running/old_shape.py",
    "payment_core/migration/running/ours_kept.py",
    "payment_core/migration/running/shadow_read/comparing.py",
    "payment_core/migration/running/shadow_read/evidence.py",
    "payment_core/migration/savings/fees.py",
    "payment_core/migration/savings/gathering.py",
    "payment_core/migration/savings/picture.py",
    "payment_core/migration/savings/reasons.py",
    "payment_core/migration/savings/simulation.py",
    "payment_core/migration/savings/ways.py",
    "payment_core/migration/savings/wording.py",
    "payment_core/store/totals.py",
    "remediation/*fold*.py",
    "remediation/aiming/*",
    "remediation/bounded.py",
    "remediation/by_hand.py",
    "remediation/compensation/model.py",
    "remediation/compensation/proposing.py",
    "remediation/compensation/state.py",
    "remediation/decide.py",
    "remediation/decisions.py",
    "remediation/deployment/closing.py",
    "remediation/deployment/cohort.py",
    "remediation/deployment/findings.py",
    "remediation/deployment/gates/*",
    "remediation/deployment/permitting.py",
    "remediation/deployment/plan*.py",
    "remediation/deployment/run.py",
    "remediation/deployment/transitions.py",
    "remediation/escalation/*",
    "remediation/flags/checked.py",
    "remediation/flags/conditions.py",
    "remediation/flags/document.py",
    "remediation/flags/experiments/*",
    "remediation/flags/model.py",
    "remediation/flags/ramp*.py",
    "remediation/flags/state.py",
    "remediation/flags/step_watch.py",
    "remediation/flags/telling.py",
    "remediation/flags/words.py",
    "remediation/guardrails/*",
    "remediation/incidents/*",
    "remediation/journal/*kinds.py",
    "remediation/journal/entry.py",
    "remediation/public/*",
    "remediation/procedures/*",
    "remediation/response.py",
    "remediation/rollback/model.py",
    "remediation/rollback_measure.py",
    "remediation/scaling/*",
    "remediation/scaling_findings.py",
    "remediation/state.py",
    "remediation/tracing.py",
    "remediation/undo.py",
)
"""No I/O, no clock, no coroutine."""
TURNS = "remediation/guardrails/target_turns.py"
"""Guards within this process what the pure ones say over the journal: it waits."""
IMPURE = ("aiobotocore", "asyncio", "httpx", "os", "socket", "sqlite3", "subprocess", "threading", "time")


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Every imported module, or name of one, with its line."""
    for node in import_statements(source):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        else:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


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
    found = [line for number, module in imports(source) for line in misplaced(file, number, module)]
    if any(fnmatch(file, place) for place in PURE) and file != TURNS:
        what = [(line, f"import of {module}") for line, module in imports(source) if top_of(module) in IMPURE]
        found += [
            f"{file}:{line}: {one}, but it is pure; do it elsewhere and pass the result in (now_ms, facts)"
            for line, one in (*what, *impurities(ast.parse(source)))
        ]
    return found


def misplaced(file: str, line: int, module: str) -> Iterator[str]:
    """What is wrong with importing this module in this file."""
    package, top = top_of(file.replace("/", ".")), top_of(module)
    if top in OURS and top != package and top not in MAY_IMPORT[package]:
        allowed = ", ".join(MAY_IMPORT[package]) or "nothing of ours"
        yield f"{file}:{line}: {package} imports {top}; it may import {allowed}: move the shared part down"
    if top in PLACES and not any(fnmatch(file, place) for place in PLACES[top]):
        yield f"{file}:{line}: {top} outside {', '.join(PLACES[top])}; ask for a Port instead"
    for door, places in DOORS.items():
        if within(module, door) and not any(fnmatch(file, place) for place in places):
            yield f"{file}:{line}: {door} outside {', '.join(places)}; move the shared part down"
    for place, unknown in IGNORANT.items():
        if fnmatch(file, place) and any(within(module, one) for one in unknown):
            yield f"{file}:{line}: {place} imports {module}; it must not know of {', '.join(unknown)}"


def top_of(module: str) -> str:
    """The package of a module."""
    return module.split(".", maxsplit=1)[0]


def within(module: str, package: str) -> bool:
    """Whether the module is this one, or stands in it."""
    return module == package or module.startswith(f"{package}.")


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
        ("daemon/sources/devices.py", "import aiomqtt", "aiomqtt outside daemon/channels/kinds/mqtt.py, daemon/flags"),
        ("daemon/sources/devices.py", "import paho.mqtt.client", "paho outside daemon/channels/kinds/mqtt.py"),
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
        ("payment_core/flags/compiling.py", "import mmh3", "mmh3 outside payment_core/flags/targeting/bucketing.py"),
        ("daemon/app.py", "from openfeature import api", "openfeature outside payment_core/flags/provider.py"),
        ("payment_core/desk.py", "from cryptography.fernet import Fernet", "cryptography outside"),
        ("checks/engine.py", "import time", "import of time, but it is pure"),
        ("checks/engine.py", "from socket import socket", "import of socket"),
        ("checks/engine.py", "import asyncio", "import of asyncio"),
        ("checks/engine.py", "import sqlite3", "import of sqlite3"),
        ("checks/engine.py", "x = datetime.datetime.now()", "a clock, but it is pure"),
        ("checks/engine.py", "x = open('f')", "a file, but it is pure"),
        ("checks/engine.py", "async def f(): ...", "async code, but it is pure"),
        ("remediation/decide.py", "async def f(): ...", "async code, but it is pure"),
        ("remediation/deployment/gates/told.py", "import time", "import of time, but it is pure"),
        ("daemon/translate/alarms.py", "x = open('f')", "a file, but it is pure"),
        ("remediation/scaling/backtest/run.py", "import time", "import of time, but it is pure"),
        ("daemon/http/api.py", "from daemon.cli.output import fail", "daemon.cli outside daemon/cli/*"),
        ("daemon/probes/core.py", "import daemon.embedded.stack", "daemon.embedded outside daemon/embedded/*"),
        ("daemon/cores/api.py", "from daemon.http.options import HttpOptions", "daemon.http outside daemon/http/*"),
        ("daemon/view/system.py", "from daemon import pipeline", "it must not know of daemon.pipeline"),
        (
            "daemon/storage/checkpoint.py",
            "import daemon.view.series",
            "it must not know of daemon.pipeline, daemon.view",
        ),
        (
            "payment_core/vault/vault.py",
            "from payment_core.store.port import LedgerStore",
            "it must not know of payment_core.store",
        ),
        (
            "payment_core/payments/desk.py",
            "import payment_core.http.routes",
            "payment_core.http outside payment_core/http/*",
        ),
        ("payment_core/http/app.py", "import payment_core.assembly.core", "payment_core.assembly outside"),
    ],
)
def test_each_direction_has_teeth(file: str, source: str, part: str) -> None:
    found = problems(file, source)
    assert any(part in line for line in found), found


def test_allowed_imports_pass() -> None:
    assert not problems("daemon/app.py", "import remediation.decide, payment_core.api, checks.facts, config.load")
    assert not problems("daemon/aws/sqs.py", "import aiobotocore.session, botocore.exceptions, asyncio, time")
    assert not problems("checks/rules.py", "import ast\nfrom config.rules.rule_file import Rule")
    assert not problems("remediation/guardrails/target_turns.py", "import asyncio")
    assert not problems("daemon/cli/up.py", "import daemon.embedded.run, daemon.clients_of_http, daemon.app")
