"""The actions that a rule may ask for, and what each of them needs the rule to name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

ActionName = Literal[
    "rollback.traffic",
    "evacuate.region",
    "block.fingerprint",
    "require.review",
    "raise.threshold",
    "kill.switch",
    "flags.kill",
    "flags.revert",
    "scale.out",
    "page",
]
ACTION_NAMES: tuple[ActionName, ...] = get_args(ActionName)

ABOUT_FLAGS = frozenset({"flags.kill", "flags.revert"})
"""These change the flag that the rule names in ``flag``."""

ABOUT_COMPONENTS = frozenset({"scale.out"})
"""These change the capacity of the component that the rule names in ``component``."""

_FINGERPRINTS = ("method_fingerprint", "device_id")
_PAYERS = (*_FINGERPRINTS, "ip", "customer_id", "provider_id", "bin")

SUBJECT_FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "block.fingerprint": _FINGERPRINTS,
        "require.review": _PAYERS,
        "raise.threshold": (*_PAYERS, "rail"),
        "evacuate.region": ("region",),
    }
)
"""By action that is about somebody or some place: the fields of ``per`` that name it, the narrowest first.

A block refuses payers, so it takes what is one card's, account's or device's alone; a higher threshold may be a rail's.
"""
