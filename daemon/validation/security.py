"""``validate security``: compliance, doors that must be shut, secrets that must be private, a journal without a gap."""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from checks.redaction.card_numbers import holds_card_number
from config.settings import Settings
from daemon.probes.daemon_client import RuleNow
from daemon.validation.lines import Line, Outcome, line
from daemon.validation.readings import Objective, held_against
from remediation.errors import JournalError
from remediation.journal.verify import verify

SHUT = ("/metrics", "/console/stream", "/api/v1/rules", "/api/v1/journal")
"""Nothing but probes is open to a stranger."""
_SHUT_STATUSES = frozenset({401, 403})
LOG_BYTES_MAX = 64 * 1_048_576
"""Of one log, its end: what was written since the deployment is there."""
PRIVATE_NAMES = ("console-token", "daemon.key", "payments.key", "payments.keys")
ALERTS = Objective(
    rule="critical-security-finding",
    below=1,
    limit="none open",
    source="Automatic rollback triggers: Security alert (critical)",
    samples=0,
)
_PCI = "PCI DSS Level 1: security standards maintained"


def finding_lines(component: str, findings: Sequence[str], *, healthy: bool, degraded: bool, detail: str) -> list[Line]:
    """A line for each finding of a component; one that passes when there is none."""
    if healthy:
        return [line(component, good=True, measured=detail, source=_PCI)]
    found = findings if findings else (detail,)
    outcome: Outcome = "warned" if degraded else "failed"
    return [Line(name=component, outcome=outcome, measured=each, source=_PCI) for each in found]


def door_lines(statuses: Mapping[str, int]) -> list[Line]:
    """Whether strangers are turned away. statuses: by path, of a request without a token."""
    return [
        line(
            f"door {path}",
            good=status in _SHUT_STATUSES,
            measured=f"{status} for a stranger",
            limit="401 or 403",
            source="Access Control",
        )
        for path, status in statuses.items()
    ]


def token_lines(settings: Settings) -> list[Line]:
    """Whether somebody can get in, and whether two share a token."""
    digests = [token.sha256 for token in settings.tokens]
    return [
        line(
            "tokens",
            good=0 < len(digests) == len(set(digests)),
            measured=f"{len(digests)} tokens, {len(set(digests))} different ones",
            limit="at least one, no two alike",
            source="Access Control: Least-privilege",
        )
    ]


def secret_lines(paths: Iterable[Path]) -> list[Line]:
    """Whether files with secrets are their owner's alone. Those that are not there say nothing."""
    lines = []
    for path in paths:
        try:
            permissions = stat.S_IMODE(path.stat().st_mode)
        except FileNotFoundError:
            continue
        private = permissions & 0o077 == 0
        lines.append(line(f"secret {path.name}", good=private, measured=f"mode {permissions:04o}", limit="0600"))
    return lines


def journal_lines(path: Path) -> list[Line]:
    """Whether every entry of the journal is as it was written. Raises nothing: a journal that cannot be read fails."""
    try:
        verification = verify(path)
    except FileNotFoundError:
        return [line("journal", good=False, measured=f"{path} is not there", limit="an intact hash chain")]
    except (JournalError, OSError) as fault:
        return [line("journal", good=False, measured=str(fault), limit="an intact hash chain")]
    good = verification.first_bad is None
    measured = f"{verification.entries} entries, none changed" if good else verification.what
    return [line("journal", good=good, measured=measured, limit="an intact hash chain", source="Audit Logging")]


def log_lines(directory: Path) -> list[Line]:
    """Whether any line of the logs in the folder holds a card number; where there are none nothing is said."""
    files = sorted(directory.glob("*.log"))
    if not files:
        return []
    bad = [f"{path.name}:{number}" for path in files for number in _lines_with_numbers(path)]
    measured = f"{len(files)} logs, none holds one" if not bad else f"in {', '.join(bad[:5])}"
    return [line("card numbers in logs", good=not bad, measured=measured, limit="none", source="PCI DSS 3.4.1")]


def alert_lines(rules: Iterable[RuleNow]) -> list[Line]:
    """Whether a critical finding is open; that none was reported lately is good news, and says so."""
    return [
        line(one.name, good=True, measured="no critical finding was reported", limit=one.limit, source=one.source)
        if one.outcome == "warned"
        else one
        for one in held_against(ALERTS, rules, needed=False)
    ]


def _lines_with_numbers(path: Path) -> list[int]:
    """Numbers of lines, counted from where the reading began."""
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_BYTES_MAX))
        return [number for number, raw in enumerate(file, start=1) if holds_card_number(raw.decode("utf-8", "replace"))]
