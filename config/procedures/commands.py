"""What each command of ``tillwatch`` does to the world, so that a procedure knows before which one it has to ask."""

from collections.abc import Sequence
from enum import StrEnum

PROGRAM = "tillwatch"


class Nature(StrEnum):
    """looks: changes nothing. mild: changes what no customer or provider can notice. harms: everything else."""

    LOOKS = "looks"
    MILD = "mild"
    HARMS = "harms"


LOOKS = frozenset(
    {
        "ach format",
        "ach show",
        "ach validate",
        "actions list",
        "approvals list",
        "audit tail",
        "audit verify",
        "communications list",
        "config check",
        "config diff",
        "config schema",
        "costs explain",
        "costs report",
        "costs simulate",
        "deployments list",
        "deployments show",
        "escalation show",
        "escalation test",
        "escalation who",
        "flags get",
        "flags history",
        "flags list",
        "flags report",
        "fraud explain",
        "fraud lint",
        "health",
        "incidents list",
        "incidents review",
        "incidents show",
        "ledger balance",
        "ledger verify",
        "maintenance list",
        "migrate plan",
        "migrate status",
        "rollback payments",
        "rules explain",
        "rules lint",
        "rules replay",
        "rules test",
        "scale plan",
        "scale replay",
        "scale status",
        "silence list",
        "sop contacts",
        "sop list",
        "sop show",
        "sop status",
        "status",
        "status-page show",
        "validate costs",
        "validate health",
        "validate performance",
        "validate security",
        "vault status",
    }
)
"""By the words behind the program's name."""

MILD = frozenset({"incidents ack", "incidents note", "incidents unack", "rollback rehearse", "sop drill"})
"""These write into the journal, and no payment, payout or message to a customer is another one because of them."""

DRY_RUN = "--dry-run"
SEND = "--send"
_WORDS_MAX = 2


def nature_of(command: Sequence[str]) -> Nature:
    """What the command does; one that is not known to be harmless harms."""
    words = [word for word in command[1 : 1 + _WORDS_MAX] if not word.startswith("-")]
    for length in range(len(words), 0, -1):
        name = " ".join(words[:length])
        if name in LOOKS:
            # A trial of a channel rings somebody's phone, and nothing else changes.
            return Nature.MILD if SEND in command else Nature.LOOKS
        if name in MILD:
            return Nature.MILD
    return Nature.LOOKS if DRY_RUN in command else Nature.HARMS
