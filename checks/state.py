"""What an engine knows, to be kept and taken back: one part for each window, told apart by what it is about."""

from collections.abc import Mapping
from typing import Any

import msgspec

from checks.compiled_rule import CompiledRule
from checks.windows.panes import Key

VERSION = 2
"""Of the shapes below and of every watcher's own; state of another version is not read, facts are replayed instead."""

KeyRead = Any
"""A window's key as MessagePack gives it back: a key of several fields is a tuple again, and a truth is no text."""

PaneCounts = dict[int, msgspec.Raw]
"""By pane, encoded one by one: an encoder that works on a million keys at once would hold every other thread."""

_ENCODER = msgspec.msgpack.Encoder()
_COUNTS = msgspec.msgpack.Decoder(dict[KeyRead, int])


class StateUnfit(Exception):
    """This state cannot be taken back: it is of another version, or it is damaged."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one watcher.

    about: what is watched (kind of fact, where, per, measure), as text that is equal when it means the same.
    counted: what was counted beside all facts. body: MessagePack of the watcher's own shape.
    """

    about: str
    counted: frozenset[str]
    body: bytes


class EngineState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that an engine knows beyond its rules. releases: the newest release of each region and environment.

    resumed_ms: when it began to listen again after an outage; 0 when it never had to.
    """

    version: int
    observed_facts: int
    skewed_facts: int
    releases: dict[str, str]
    parts: tuple[Part, ...]
    resumed_ms: int = 0


def about(compiled: CompiledRule, measure: Mapping[str, object]) -> str:
    """The text for ``about``. measure: what beyond the facts and their key decides what the state means.

    A watcher of a single rule names it, because its part holds that rule's episodes and no other's.
    """
    rule = compiled.rule
    facts = {"on": rule.on, "where": compiled.where.canonical, "per": rule.per}
    return msgspec.json.encode({**measure, **facts}, order="sorted").decode()


def encode(state: msgspec.Struct) -> bytes:
    """State as MessagePack."""
    return _ENCODER.encode(state)


def decode(blob: bytes) -> EngineState:
    """The state that was encoded. Raises StateUnfit."""
    try:
        found = msgspec.msgpack.decode(blob, type=_Versioned)
        if found.version != VERSION:
            message = f"it is of version {found.version}, and this program reads version {VERSION}"
            raise StateUnfit(message)
        return msgspec.msgpack.decode(blob, type=EngineState)
    except msgspec.MsgspecError as fault:
        raise StateUnfit(str(fault)) from fault


def encode_panes(panes: Mapping[int, Mapping[Key, int]]) -> PaneCounts:
    """Counts by pane and key."""
    return {pane: msgspec.Raw(_ENCODER.encode(counts)) for pane, counts in panes.items()}


def decode_panes(panes: PaneCounts) -> dict[int, Mapping[Key, int]]:
    """Counts by pane and key. Raises msgspec.MsgspecError."""
    return {pane: _COUNTS.decode(counts) for pane, counts in panes.items()}


class _Versioned(msgspec.Struct, frozen=True):
    version: int
