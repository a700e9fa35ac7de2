"""Tries channels: a notice that is about nothing, to one person or by one channel; it opens no incident."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import msgspec

from config.escalation.channel_kinds import NEED_AN_ADDRESS
from config.escalation.channel_settings import ChannelSettings
from config.escalation.escalation_file import Escalation
from daemon.channels.kinds.preview import preview_of
from daemon.channels.outbox import Lane, Outbox
from daemon.channels.ports import NotDelivered
from remediation.escalation.notices import Notice, Target
from remediation.journal.escalation_kinds import TrialBegun, TrialEnded
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

SEVERITY = 3
_TITLE = "test: nothing is wrong"


class TrialRefusal(StrEnum):
    """Why nothing was tried, in order of precedence."""

    NOT_LEADING = "not_leading"
    UNKNOWN_PERSON = "unknown_person"
    UNKNOWN_CHANNEL = "unknown_channel"
    NOBODY_NAMED = "nobody_named"
    NO_ADDRESS = "no_address"
    TOO_OFTEN = "too_often"


class TrialRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: TrialRefusal
    detail: str


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One channel that was tried, or would be. person: empty where nobody is meant. payload: what is sent, as text.

    outcome: ``would_send``, ``taken`` or ``not_taken``. detail: what it answered, or why it did not take it.
    """

    channel: str
    kind: str
    person: str
    dedup_key: str
    payload: str
    outcome: str = "would_send"
    detail: str = ""


class TrialDesk:
    """actor: the name of a person's token. Journal faults are raised, and what was not begun by then is not sent."""

    def __init__(
        self,
        writer: JournalWriter,
        clock: Clock,
        settings: ChannelSettings,
        lanes: Mapping[str, Lane],
        outbox: Outbox,
        escalation: Callable[[], Escalation],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._settings = settings
        self._lanes = lanes
        self._outbox = outbox
        self._escalation = escalation

    def foreseen(self, person: str, channel: str, actor: str) -> list[Trial] | TrialRefused:
        """What would be sent to a person by each of their channels, by one of them, or by a channel to nobody."""
        names = self._names(person, channel)
        if isinstance(names, TrialRefused):
            return names
        sequence = self._writer.state.sequence + 1
        return [self._trial(name, notice_of(sequence, person, name, actor)) for name in names]

    async def send(self, person: str, channel: str, actor: str) -> list[Trial] | TrialRefused:
        """Send it: each attempt is in the journal before it is made, and what became of it after."""
        names = self._names(person, channel)
        if isinstance(names, TrialRefused):
            return names
        now_ms = self._clock.now_ms()
        if now_ms >= self._writer.lease.until_ms:
            return _no(TrialRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")
        wait_ms = max(self._outbox.lesser_wait_ms(name, now_ms) for name in names)
        if wait_ms:
            detail = f"{' and '.join(names)} took as much as a minute allows; try again in {-(-wait_ms // 1000)} s"
            return _no(TrialRefusal.TOO_OFTEN, detail)
        return [await self._send(name, person, actor) for name in names]

    async def _send(self, name: str, person: str, actor: str) -> Trial:
        entry = await self._writer.append(TrialBegun(channel=name, person=person), actor)
        notice = notice_of(entry.sequence, person, name, actor)
        at_ms = self._clock.now_ms()
        self._outbox.took(name, at_ms)
        try:
            receipt = await self._outbox.handed_over(name, notice, at_ms)
        except NotDelivered as fault:
            outcome, detail = "not_taken", fault.detail
        else:
            outcome, detail = "taken", receipt.detail
        await self._writer.append(
            TrialEnded(trial=entry.sequence, channel=name, taken=outcome == "taken", detail=detail), actor
        )
        return msgspec.structs.replace(self._trial(name, notice), outcome=outcome, detail=detail)

    def _trial(self, name: str, notice: Notice) -> Trial:
        return Trial(
            channel=name,
            kind=self._settings.via[name].kind,
            person=notice.target.person,
            dedup_key=notice.dedup_key,
            payload=preview_of(self._lanes[name].channel, name, notice, self._clock.now_ms()),
        )

    def _names(self, person: str, channel: str) -> list[str] | TrialRefused:
        people, known = self._escalation().people, list(self._lanes)
        if person and person not in people:
            return _no(TrialRefusal.UNKNOWN_PERSON, f"there is no person {person!r:.60}; known: {', '.join(people)}")
        if channel and channel not in known:
            return _no(TrialRefusal.UNKNOWN_CHANNEL, f"there is no channel {channel!r:.60}; known: {', '.join(known)}")
        if not person:
            return self._to_nobody(channel)
        reached = [one.channel for one in people[person].contacts if one.channel in known]
        wanted = [one for one in reached if channel in {"", one}]
        if wanted:
            return wanted
        fallback = self._settings.fallback
        if fallback is not None and channel in {"", fallback}:
            return [fallback]
        named = channel if channel else "any channel that there is"
        return _no(TrialRefusal.NO_ADDRESS, f"{person} has no contact by {named}; add one to escalation.yaml")

    def _to_nobody(self, channel: str) -> list[str] | TrialRefused:
        if not channel:
            return _no(TrialRefusal.NOBODY_NAMED, "name a person or a channel")
        if self._settings.via[channel].kind in NEED_AN_ADDRESS:
            return _no(TrialRefusal.NO_ADDRESS, f"{channel} needs an address; name a person too")
        return [channel]


def notice_of(sequence: int, person: str, channel: str, actor: str) -> Notice:
    """The notice of the trial whose entry has this sequence; its key is that of no incident."""
    return Notice(
        incident_id=f"test-{sequence}",
        generation=1,
        kind="trigger",
        severity=SEVERITY,
        title=f"{_TITLE} (test-{sequence})",
        body=f"{actor} tries whether this reaches you. Nobody has to do anything; close it where it stays open.",
        step=0,
        target=Target(person=person, channel=channel),
        about=f"nothing (test-{sequence})",
        labels={"rule": "test"},
    )


def _no(refusal: TrialRefusal, detail: str) -> TrialRefused:
    return TrialRefused(refusal=refusal, detail=detail)
