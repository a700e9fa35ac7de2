"""The state of a window and of the rules that share it, as it is kept and taken back."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from checks.measures.buckets import Buckets
from checks.measures.judging.episodes_state import EpisodesState, keep_episodes, take_back_episodes
from checks.measures.windowed.rule import WindowedRule
from checks.measures.windowed.shared_window import SharedWindow
from checks.state import KeyRead, PaneCounts, decode_panes, encode, encode_panes
from checks.windows.panes import Counts, Key

_BUCKET_COUNTS = msgspec.msgpack.Decoder(dict[KeyRead, dict[int, int]])


class WindowedState(msgspec.Struct, frozen=True, kw_only=True):
    """tracks: by what they count. buckets: by what they read. episodes: by rule. since_ms: by place.

    heard: by rule, the keys whose silence it would mind; a dictionary, because only its keys stay tuples.
    """

    newest: int
    late: int
    refused: int
    since_ms: dict[str, int]
    all_facts: PaneCounts
    tracks: dict[str, PaneCounts]
    buckets: dict[str, dict[int, msgspec.Raw]]
    episodes: dict[str, EpisodesState]
    heard: dict[str, dict[KeyRead, None]]


def kept(
    window: SharedWindow,
    tracks: Mapping[str, Counts],
    buckets: Mapping[str, Buckets],
    rules: Sequence[WindowedRule],
    since_ms: Mapping[str, int],
) -> bytes:
    """The state as MessagePack; totals are the sums of their panes and are not repeated."""
    return encode(
        WindowedState(
            newest=window.newest,
            late=window.late,
            refused=window.refused,
            since_ms=dict(since_ms),
            all_facts=encode_panes(window.all_facts.panes),
            tracks={counted: encode_panes(track.panes) for counted, track in tracks.items()},
            buckets={read: _encode_buckets(of_values) for read, of_values in buckets.items()},
            episodes={rule.episodes.compiled.rule.id: keep_episodes(rule.episodes) for rule in rules},
            heard={rule.episodes.compiled.rule.id: dict.fromkeys(rule.heard) for rule in rules},
        )
    )


def take_back(
    saved: bytes,
    window: SharedWindow,
    tracks: Mapping[str, Counts],
    buckets: Mapping[str, Buckets],
    rules: Sequence[WindowedRule],
) -> dict[str, int]:
    """Fill what is empty; returns since_ms. Raises msgspec.MsgspecError, and nothing is filled then.

    Tracks and buckets that nobody reads any more are left out; those that are wanted have to be there.
    """
    state = msgspec.msgpack.decode(saved, type=WindowedState)
    missing = (tracks.keys() - state.tracks.keys()) | (buckets.keys() - state.buckets.keys())
    if missing:
        message = f"it does not hold {', '.join(sorted(missing))}"
        raise msgspec.ValidationError(message)
    all_facts = decode_panes(state.all_facts)
    of_tracks = {counted: decode_panes(state.tracks[counted]) for counted in tracks}
    of_buckets = {read: _decode_buckets(state.buckets[read]) for read in buckets}
    window.newest, window.late, window.refused = state.newest, state.late, state.refused
    window.all_facts.refill(all_facts)
    for counted, panes in of_tracks.items():
        _fill(tracks[counted], panes)
    for read, values in of_buckets.items():
        buckets[read].refill(values)
    for rule in rules:
        known = state.episodes.get(rule.episodes.compiled.rule.id)
        if known is not None:
            take_back_episodes(rule.episodes, known)
            rule.heard.update(state.heard[rule.episodes.compiled.rule.id])
    return state.since_ms


def merged(one: bytes, other: bytes) -> bytes | None:
    """The state of two windows over the same facts as that of one; None when they do not hold the same facts."""
    first = msgspec.msgpack.decode(one, type=WindowedState)
    second = msgspec.msgpack.decode(other, type=WindowedState)
    if (first.newest, first.since_ms) != (second.newest, second.since_ms):
        return None
    if _held(first.all_facts) != _held(second.all_facts):
        return None
    return encode(
        replace(
            first,
            tracks={**second.tracks, **first.tracks},
            buckets={**second.buckets, **first.buckets},
            episodes={**second.episodes, **first.episodes},
            heard={**second.heard, **first.heard},
        )
    )


def _held(panes: PaneCounts) -> dict[int, Mapping[Key, int]]:
    return {pane: counts for pane, counts in decode_panes(panes).items() if counts}


def _fill(counts: Counts, panes: Mapping[int, Mapping[Key, int]]) -> None:
    for pane, by_key in panes.items():
        counts.enter(pane)
        for key, count in by_key.items():
            counts.add_number(key, count)


def _encode_buckets(buckets: Buckets) -> dict[int, msgspec.Raw]:
    return {pane: msgspec.Raw(msgspec.msgpack.encode(by_key)) for pane, by_key in buckets.panes.items()}


def _decode_buckets(panes: Mapping[int, msgspec.Raw]) -> dict[int, dict[Key, dict[int, int]]]:
    return {pane: _BUCKET_COUNTS.decode(by_key) for pane, by_key in panes.items()}
