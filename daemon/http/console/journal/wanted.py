"""What somebody looks for in the journal, read from the address; what cannot be understood is said."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from remediation.journal.entry import Entry
from remediation.journal.kinds import BODY_TYPE_BY_KIND

TEXT_LENGTH_MAX = 200
SUBJECT_FIELDS = (
    "subject",
    "target",
    "fingerprint",
    "deployment_id",
    "rollback_id",
    "incident_id",
    "decision_id",
    "approval_id",
    "flag",
    "component",
    "rule_id",
    "procedure",
    "run_id",
    "job",
    "source",
)
"""Fields of entries that name what they are about."""

_WHOLE = re.compile(r"[0-9]{1,15}\Z", re.ASCII)


class NotUnderstood(Exception):
    """A field of the search cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Empty fields ask for nothing. since_ms, until_ms: 0 for no bound. before: only entries below; 0 for the newest.

    subject: part of what an entry is about; text: part of anything in its body, upper or lower case.
    """

    kind: str = ""
    actor: str = ""
    subject: str = ""
    text: str = ""
    since: str = ""
    until: str = ""
    before: int = 0

    @property
    def since_ms(self) -> int:
        """The first moment that is wanted."""
        return moment_of(self.since, "since")

    @property
    def until_ms(self) -> int:
        """The first moment that is not wanted any more."""
        return moment_of(self.until, "until")

    def address(self, before: int) -> str:
        """The address of the same search from this entry on backwards."""
        given = {
            name: getattr(self, name)
            for name in ("kind", "actor", "subject", "text", "since", "until")
            if getattr(self, name)
        }
        asked = urlencode(given | ({"before": before} if before else {}))
        return f"/console/journal?{asked}" if asked else "/console/journal"


def wanted_from(query: Mapping[str, str]) -> Wanted:
    """The search that the address asks for. Raises NotUnderstood."""
    fields = {name: query.get(name, "").strip() for name in ("kind", "actor", "subject", "text", "since", "until")}
    for name, value in fields.items():
        if len(value) > TEXT_LENGTH_MAX:
            raise NotUnderstood(f"{name} has at most {TEXT_LENGTH_MAX} characters.")
    if fields["kind"] and fields["kind"] not in BODY_TYPE_BY_KIND:
        raise NotUnderstood(f"There is no kind {fields['kind']!r:.60}; leave it empty or choose one of the list.")
    before = query.get("before", "")
    if before and not _WHOLE.match(before):
        raise NotUnderstood("before is the number of an entry.")
    found = Wanted(**fields, before=int(before) if before else 0)
    if found.since_ms and found.until_ms and found.since_ms >= found.until_ms:
        raise NotUnderstood("since is not earlier than until, so nothing can lie between them.")
    return found


def moment_of(text: str, name: str) -> int:
    """Unix milliseconds; 0 for an empty text. A time without a zone is UTC. Raises NotUnderstood."""
    if not text:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(f"{name} is a day or a time, such as 2026-11-27 or 2026-11-27T02:30, in UTC.") from None
    return round((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() * 1000)


class Sieve:
    """Tells whether entries are wanted; looks at the bytes of a body without decoding it."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._since_ms, self._until_ms = wanted.since_ms, wanted.until_ms
        self._actor, self._text = wanted.actor.casefold(), wanted.text.encode().lower()
        fields = "|".join(SUBJECT_FIELDS).encode()
        asked = re.escape(wanted.subject.encode())
        self._subject = re.compile(rb'"(?:' + fields + rb')":"(?:[^"\\]|\\.)*?' + asked, re.IGNORECASE)

    def lets_through(self, entry: Entry) -> bool:
        """Whether all that is asked holds for the entry."""
        wanted = self._wanted
        if wanted.kind and entry.kind != wanted.kind:
            return False
        if self._actor and self._actor not in entry.actor.casefold():
            return False
        if entry.at_ms < self._since_ms or (self._until_ms and entry.at_ms >= self._until_ms):
            return False
        body = bytes(entry.body)
        if self._text and self._text not in body.lower():
            return False
        return not wanted.subject or self._subject.search(body) is not None
