"""Whether everybody whom ``escalation.yaml`` names is reached by a channel that ``tillwatch.yaml`` has."""

from config.escalation.channel_settings import ChannelSettings
from config.escalation.escalation_file import Escalation
from config.loading.problems import Problem
from config.loading.suggest import listed


def unreached(channels: ChannelSettings, escalation: Escalation, file: str) -> list[Problem]:
    """One problem for each person; none while there are no channels, or when one of them reaches everybody."""
    if not channels.via or channels.fallback is not None:
        return []
    fix = f"add a contact by {listed(sorted(channels.via))}, or name a channel in channels.fallback of tillwatch.yaml"
    return [
        Problem(file, 0, 0, f"no channel reaches {key}: {_named([one.channel for one in person.contacts])}", fix)
        for key, person in escalation.people.items()
        if not any(one.channel in channels.via for one in person.contacts)
    ]


def _named(channels: list[str]) -> str:
    verb = "is not" if len(channels) == 1 else "are not"
    return f"{listed(channels)} {verb} in channels.via of tillwatch.yaml"
