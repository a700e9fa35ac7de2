"""What wins when two rules want different things of the same target at the same moment: safety first; pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from remediation.decisions import Decision
from remediation.guardrails.locks import conflicts

PRECEDENCE = (
    "rollback.traffic",
    "evacuate.region",
    "spill.region",
    "flags.kill",
    "flags.revert",
    "kill.switch",
    "block.fingerprint",
    "require.review",
    "raise.threshold",
    "scale.out",
    "scale.set",
    "scale.in",
    "flags.ramp",
)
"""From what must not wait to what can: back to what worked, hold, make room, save, try something new."""


def rank(action: str) -> int:
    """The smaller goes first; an action that is not in the table goes last."""
    return PRECEDENCE.index(action) if action in PRECEDENCE else len(PRECEDENCE)


def settle(decisions: Sequence[Decision]) -> list[Decision]:
    """Of the decisions of one moment, those that are carried out, each saying which ones it set aside.

    What is set aside is no entry of its own: its rule is asked again at the next tick, and is held back by then.
    Two that want the same action are both kept: the second finds the first at work, and says so.
    """
    ordered = sorted(decisions, key=lambda one: rank(one.action))
    kept: list[Decision] = []
    for decision in ordered:
        winner = next(
            (one for one in kept if one.action != decision.action and conflicts(one.target, decision.target)), None
        )
        if winner is None:
            kept.append(decision)
            continue
        aside = f"{decision.action} of {decision.finding.rule_id}"
        kept[kept.index(winner)] = replace(winner, set_aside=(*winner.set_aside, aside))
    return kept
