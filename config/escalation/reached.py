"""Whether everybody whom ``escalation.yaml`` names is reached by a channel that ``tillwatch.yaml`` has."""

from collections.abc import Iterator, Mapping

from config.escalation.channel_kinds import KINDS, AnyChannel, is_mailbox, is_mqtt_topic, is_sns_topic, phone_of
from config.escalation.channel_settings import ChannelSettings
from config.escalation.escalation_file import Escalation
from config.escalation.on_call import Contact, Person
from config.loading.problems import Problem
from config.loading.suggest import closest, listed


def unreached(channels: ChannelSettings, escalation: Escalation, file: str) -> list[Problem]:
    """A problem for each contact that names no channel or that its channel cannot use, and for whom none reaches.

    A contact may name a kind, as the packaged ones do: while no channel has that name, it waits for one, or whoever it
    is for is reached by another. Addresses are in no problem.
    """
    return [
        Problem(file, 0, 0, what, fix)
        for key, person in escalation.people.items()
        for what, fix in (*_of_contacts(key, person, channels.via), *_of_person(key, person, channels))
    ]


def _of_contacts(key: str, person: Person, via: Mapping[str, AnyChannel]) -> Iterator[tuple[str, str]]:
    for place, contact in enumerate(person.contacts):
        where = f"people.{key}.contacts.{place}"
        channel = via.get(contact.channel)
        if channel is not None:
            wanted = _wanted(channel, contact)
            if wanted:
                yield f"{where}: {contact.channel} cannot use this address", f"write {wanted}"
        elif contact.channel not in KINDS:
            known = sorted({*via, *KINDS})
            meant = closest(contact.channel, known)
            fix = f"write {meant}" if meant else f"write one of {listed(sorted(via))}" if via else "write a kind"
            more = f"{fix}, or add {contact.channel} to channels.via of tillwatch.yaml"
            yield f"{where}: there is no channel {contact.channel}", more


def _wanted(channel: AnyChannel, contact: Contact) -> str:
    """What its address has to be; empty when it is."""
    address = contact.address
    match channel.kind:
        case "email":
            return "" if is_mailbox(address) else "an e-mail address, such as ops@example.com"
        case "sms":
            usable = phone_of(address) is not None or is_sns_topic(address)
            return "" if usable else "a number with its country, such as +15550100123, or the ARN of a topic of SNS"
        case "mqtt":
            return "" if is_mqtt_topic(address) else "a topic without + and #, such as tillwatch/notices/ops"
        case _:
            return ""


def _of_person(key: str, person: Person, channels: ChannelSettings) -> Iterator[tuple[str, str]]:
    """None while there are no channels, or when one of them reaches everybody."""
    if not channels.via or channels.fallback is not None or any(one.channel in channels.via for one in person.contacts):
        return
    fix = f"add a contact by {listed(sorted(channels.via))}, or name a channel in channels.fallback of tillwatch.yaml"
    yield f"no channel reaches {key}: {_named([one.channel for one in person.contacts])}", fix


def _named(channels: list[str]) -> str:
    verb = "is not" if len(channels) == 1 else "are not"
    return f"{listed(channels)} {verb} in channels.via of tillwatch.yaml"
