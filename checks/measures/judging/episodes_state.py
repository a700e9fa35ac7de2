"""The open episodes of one rule, as they are kept and taken back."""

from collections.abc import Container, Mapping
from typing import Any

import msgspec

from checks.compiled_rule import CompiledRule
from checks.findings import State
from checks.measures.judging.episodes import Episode, Episodes
from checks.state import KeyRead

_NO_TERMS = {"id", "family", "severity", "do", "runbook", "mode", "max_keys", "summary"}
"""What a rule says that does not decide when it breaches."""

_ANNOUNCED = frozenset({"state", "since_ms", "confirmed_ms", "fact_id", "was_breached"})
"""What of an episode holds whatever the limits are."""


class EpisodesState(msgspec.Struct, frozen=True, kw_only=True):
    """terms: everything that decided when the rule breached and cleared. open: each episode's fields, by key."""

    terms: str
    forgotten: int
    open: dict[KeyRead, dict[str, Any]]


def keep_episodes(episodes: Episodes) -> EpisodesState:
    """What is open, to be kept."""
    fields = {key: {name: getattr(one, name) for name in Episode.__slots__} for key, one in episodes.open.items()}
    return EpisodesState(terms=_terms(episodes.compiled), forgotten=episodes.forgotten, open=dict(fields))


def take_back_episodes(episodes: Episodes, state: EpisodesState) -> None:
    """Go on with everything that was open; under other terms only with what was announced, and with no timer."""
    episodes.forgotten = state.forgotten
    same = state.terms == _terms(episodes.compiled)
    for key, fields in state.open.items():
        if same or fields["was_breached"]:
            episodes.open[key] = _episode(fields, fields if same else _ANNOUNCED)


def _episode(fields: Mapping[str, Any], taken: Container[str]) -> Episode:
    episode = Episode(fields["since_ms"])
    for name in Episode.__slots__:
        if name in taken:
            setattr(episode, name, State(fields[name]) if name == "state" else fields[name])
    return episode


def _terms(compiled: CompiledRule) -> str:
    return compiled.rule.model_dump_json(exclude=_NO_TERMS)
