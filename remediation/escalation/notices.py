"""What is told to somebody about an incident: one notice for each person, step and generation, each once."""

from enum import StrEnum
from typing import Literal

import msgspec

NoticeKind = Literal["trigger", "acknowledge", "resolve"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a notice is for, and by which channel. Never an address: the channel looks it up by ``reference``.

    fallbacks: the person's other channels, in order, for when this one fails.
    """

    person: str
    channel: str
    fallbacks: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """Where the address stands in ``escalation.yaml``: ``vp-engineering/sms``."""
        return f"{self.person}/{self.channel}"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell one person. step: of the chain, from 1. title: one line. body: what was seen, what to do.

    trace_id: of the newest decision about it, or of the finding that opened it. about: what is wrong where, the same in
    all that is told of one alert. labels: of the incident. began_at_ms: event time of what opened it, 0 when not known.
    """

    incident_id: str
    generation: int
    kind: NoticeKind
    severity: int
    title: str
    body: str
    step: int
    target: Target
    trace_id: str = ""
    about: str = ""
    labels: dict[str, str] = {}
    began_at_ms: int = 0

    @property
    def dedup_key(self) -> str:
        """The same for all that is told of one alert, so that its receiver sees one: ``inc-25:1``."""
        return f"{self.incident_id}:{self.generation}"

    @property
    def id(self) -> str:
        """This notice and no other: sent twice under it, it is one."""
        return f"{self.dedup_key}:{self.step}:{self.target.reference}:{self.kind}"


class NoticeStatus(StrEnum):
    """How far a notice is; ``void``: before it was sent there was nothing to tell any more."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    VOID = "void"


class NoticeState(msgspec.Struct, frozen=True, kw_only=True):
    """A notice and what became of it. since_ms: when it was due. tries: that failed. ended_at_ms: 0 while it waits.

    followed: what its receiver was told after it, empty while that is nothing. through: the channel that took it, where
    whatever follows has to go too.
    """

    notice: Notice
    since_ms: int
    status: NoticeStatus = NoticeStatus.WAITING
    tries: int = 0
    ended_at_ms: int = 0
    detail: str = ""
    followed: NoticeKind | Literal[""] = ""
    through: str = ""
