"""What an incident is called by: the names that silences, routes, inhibitions and groups go by."""

from remediation.state import SEVERITY_LEVELS, Incident

SEVERITY_NAMES = {level: name for name, level in SEVERITY_LEVELS.items()}


def labels_of(incident: Incident) -> dict[str, str]:
    """``id``, ``rule``, ``severity``, ``runbook``, ``family``, and the key of its rule, if not of one name."""
    last = incident.findings[-1] if incident.findings else None
    return {
        **({} if last is None else last.key),
        "id": incident.id,
        "rule": incident.rule_id,
        "family": "" if last is None else last.family,
        "severity": SEVERITY_NAMES.get(incident.severity, "medium"),
        "runbook": incident.runbook,
    }
