"""Finds whom a finding is about, as an entry of a fraud list, or says why it names nobody."""

import msgspec

from checks.findings import Finding
from checks.scoring.lists import ListKind, ListName
from config.policy import FraudPolicy
from config.rules.actions import SUBJECT_FIELDS
from remediation.aiming.release import Miss
from remediation.decisions import Reason

_KINDS: dict[str, ListKind] = {
    "method_fingerprint": "card",
    "device_id": "device",
    "ip": "ip",
    "customer_id": "customer",
    "provider_id": "provider",
    "bin": "bin",
    "rail": "rail",
}
_LISTS: dict[str, ListName] = {
    "block.fingerprint": "block",
    "require.review": "review",
    "raise.threshold": "stricter",
}
LIST_ACTIONS = frozenset(_LISTS)
"""The actions that put somebody on a fraud list of the payment core."""


class Subject(msgspec.Struct, frozen=True):
    """An entry of a fraud list as the core looks it up. seconds: how long it lasts. points: how much stricter."""

    list: ListName
    kind: ListKind
    value: str
    seconds: float
    points: int

    @property
    def target(self) -> str:
        """What cool-downs and the journal call it."""
        return f"fraud:{self.list}:{self.kind}:{self.value}"


def subject_of(action: str, finding: Finding, policy: FraudPolicy) -> Subject | Miss:
    """The narrowest subject that the finding's key names, for one of LIST_ACTIONS."""
    fields = SUBJECT_FIELDS[action]
    field = next((name for name in fields if finding.key.get(name, "")), "")
    if not field:
        return Miss(Reason.NO_SUBJECT, f"the finding names none of {', '.join(fields)}")
    of_bank = field == "method_fingerprint" and finding.key.get("rail") == "ach"
    name = _LISTS[action]
    seconds = {"block": policy.block_for, "review": policy.review_for}.get(name, policy.stricter_for)
    return Subject(
        list=name,
        kind="bank_account" if of_bank else _KINDS[field],
        value=finding.key[field],
        seconds=seconds,
        points=policy.stricter_points if name == "stricter" else 0,
    )
