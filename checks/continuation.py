"""Takes an engine's state over into other rules: what they watch unchanged goes on, what is new is named."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.measures.windowed.state import merged
from checks.state import EngineState, Part


@dataclass(frozen=True, slots=True)
class Continuation:
    """engine: goes on with the rules that the state is about. fresh: the other rules, which it does not hold."""

    engine: Engine
    fresh: tuple[CompiledRule, ...]


def continued(rules: Sequence[CompiledRule], state: EngineState) -> Continuation:
    """An engine that knows what the state says. Raises StateUnfit when a part of it cannot be read.

    A rule goes on when its facts, its key and what it counts were watched before, whatever its limits are now. One that
    counts something new over facts that others count already has a window of its own, or it would be judged by a
    total from before it began.
    """
    apart: dict[str, int] = {}
    known: list[CompiledRule] = []
    fresh: list[CompiledRule] = []
    for compiled in rules:
        ((about, counted),) = Engine([compiled]).watched
        place = _place(state, about, counted)
        if place is None:
            fresh.append(compiled)
        else:
            apart[compiled.rule.id] = place
            known.append(compiled)
    engine = Engine(known, apart)
    engine.restore(state)
    return Continuation(engine, tuple(fresh))


def unknown(rules: Sequence[CompiledRule], watched: Sequence[tuple[str, frozenset[str]]]) -> tuple[CompiledRule, ...]:
    """The rules that watch something else than an engine does, by what it says that it watches."""
    return tuple(
        compiled
        for compiled in rules
        if not any(
            about == theirs and counted <= theirs_counted
            for about, counted in Engine([compiled]).watched
            for theirs, theirs_counted in watched
        )
    )


def joined(first: EngineState, second: EngineState) -> EngineState:
    """The state of both, which have seen the same facts up to the same moment.

    Windows over the same facts become one when their totals are equal; a window that began later stays apart.
    """
    parts = list(first.parts)
    for part in second.parts:
        for position, other in enumerate(parts):
            one = _merged(other, part)
            if one is not None:
                parts[position] = one
                break
        else:
            parts.append(part)
    return replace(first, parts=tuple(parts), releases={**second.releases, **first.releases})


def _place(state: EngineState, about: str, counted: frozenset[str]) -> int | None:
    """Which of the parts about this, in order, holds what is to be counted; None when none does."""
    parts = [part for part in state.parts if part.about == about]
    return next((place for place, part in enumerate(parts) if counted <= part.counted), None)


def _merged(one: Part, other: Part) -> Part | None:
    if one.about != other.about:
        return None
    body = merged(one.body, other.body)
    return None if body is None else Part(about=one.about, counted=one.counted | other.counted, body=body)
