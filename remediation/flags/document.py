"""The document that payment cores are served: the base, with everything that the journal says of its flags; pure."""

import copy
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from remediation.flags.model import Setting
from remediation.flags.state import FlagBook, FlagState

BUCKET = {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}
"""What a customer's side goes by: the flag and the customer, so that it is another one for each flag."""
WHOLE = 100
"""Percent."""

Document = dict[str, Any]  # flagd's JSON has no narrower type.


def base_of(book: FlagBook) -> Document:
    """The document that was last taken over, decoded, and not to be changed; without one, one without flags."""
    return _decoded(book.document)


def flags_of(book: FlagBook) -> Mapping[str, Document]:
    """The flags that there are, by name, as the base has them."""
    flags: Mapping[str, Document] = base_of(book)["flags"]
    return flags


def document_of(base: Mapping[str, Any], book: FlagBook) -> Document:
    """The base, in which each flag serves what the book says. A flag that the base does not have stays unknown."""
    flags = {
        key: flag if key not in book.flags else _served(flag, book.flags[key]) for key, flag in base["flags"].items()
    }
    return {**base, "flags": flags}


def text_of(document: Mapping[str, Any]) -> bytes:
    """The document as it is signed: compact, its keys sorted."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@lru_cache(maxsize=4)
def _decoded(document: str) -> Document:
    """Each decision looks at it, and it changes a few times a day."""
    decoded: Document = json.loads(document) if document else {"flags": {}}
    return decoded


def _served(flag: Document, state: FlagState) -> Document:
    if state.killed is not None:
        return _killed(flag)
    return flag if state.setting is None else _set(flag, state.setting)


def _killed(flag: Document) -> Document:
    """Every evaluator of flagd's format serves the safe default of it."""
    alive = {key: value for key, value in flag.items() if key != "targeting"}
    metadata = {**flag.get("metadata", {}), "killed": True}
    return {**alive, "state": "ENABLED", "defaultVariant": metadata["safe_default"], "metadata": metadata}


def _set(flag: Document, setting: Setting) -> Document:
    rest = {key: value for key, value in flag.items() if key != "targeting"}
    targeting = _targeting(flag, setting)
    served = {**rest, "state": "ENABLED", "defaultVariant": setting.variant}
    if setting.ramp is not None:
        # Without exposures on its payments a ramp has no evidence.
        served["metadata"] = {**flag.get("metadata", {}), "experiment": True}
    return {**served, "targeting": targeting} if targeting else served


def _targeting(flag: Document, setting: Setting) -> Document:
    own: Document = flag.get("targeting", {}) if setting.targeting is None else json.loads(setting.targeting or "{}")
    if setting.ramp is None:
        return copy.deepcopy(own)
    plan, percent = setting.ramp.plan, setting.ramp.percent
    # The new variant comes first, so that whoever has it keeps it when its share grows.
    sides: Document = {"fractional": [BUCKET, [plan.to_variant, percent], [plan.from_variant, WHOLE - percent]]}
    # Whom targeting gives a variant keeps it; the comparison is the strict one, because false is an answer.
    return {"if": [{"===": [own, None]}, sides, own]} if own else sides
