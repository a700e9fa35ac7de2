"""What people do about telling the outside: words of their own, letters, and saying yes or no to what is proposed."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from config.public.communication import INCIDENT_PHASES, MAINTENANCE_PHASES, Letter
from config.public.placeholders import fault_of
from config.public.reading import Public
from remediation.journal.entry import DAEMON
from remediation.journal.public_kinds import (
    CommunicationAnswered,
    CommunicationProposed,
    StatusAnswered,
    StatusProposed,
)
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.public.due import contacts_of
from remediation.public.state import LetterState, Standing, UpdateState
from remediation.public.subjects import Subject, subject_of
from remediation.public.wording import letter_of, missing, update_of, values_of


class PublicRefusal(StrEnum):
    """Why nothing was done, in order of precedence."""

    NOT_LEADING = "not_leading"
    UNKNOWN = "unknown"
    NO_KIND = "no_kind"
    NO_LETTER = "no_letter"
    UNFIT = "unfit"
    INCOMPLETE = "incomplete"
    NOBODY = "nobody"
    ALREADY = "already"
    OWN = "own"


class PublicRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: PublicRefusal
    detail: str


class LetterDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A letter as it would be sent. contacts: how many it goes to. already: how far one of it is, empty for none.

    missing: placeholders that nobody can fill in yet. failed_payments: that it may concern, None while not counted.
    """

    letter: str
    audience: str
    contacts: int
    subject: str
    body: str
    missing: tuple[str, ...]
    already: str
    failed_payments: int | None


class PublicDesk:
    """actor: the name of a person's token. Journal faults are raised, and nothing has changed then.

    dry_run: look at everything and write nothing; what would be proposed has no id yet.
    """

    def __init__(self, writer: JournalWriter, clock: Clock, public: Callable[[], Public]) -> None:
        self._writer = writer
        self._clock = clock
        self._public = public
        # Of two people in one moment the second is held against what the first has said.
        self._one_at_a_time = asyncio.Lock()

    def drafts(self, subject_id: str, kind: str = "", detail: str = "") -> list[LetterDraft] | PublicRefused:
        """Every letter of the subject's kind, or of another, as it would be sent now. Nothing is written."""
        subject = self._subject(subject_id, kind, detail)
        if isinstance(subject, PublicRefused):
            return subject
        return [self._draft(subject, letter, detail) for letter in self._letters(subject)]

    async def communicate(
        self, subject_id: str, name: str, actor: str, kind: str = "", detail: str = "", *, dry_run: bool = False
    ) -> LetterState | PublicRefused:
        """Propose a letter, which another person then approves."""
        async with self._one_at_a_time:
            public, subject = self._public(), self._subject(subject_id, kind, detail)
            if isinstance(subject, PublicRefused):
                return subject
            letter = next((one for one in self._letters(subject) if one.name == name), None)
            if letter is None:
                known = ", ".join(one.name for one in self._letters(subject))
                no = f"{subject.kind} has no letter {name!r:.60}; it has {known or 'none'}"
                return _no(PublicRefusal.NO_LETTER, no)
            refused = _unready(self._draft(subject, letter, detail), subject_id)
            if refused is not None:
                return refused
            return await self._propose_letter(letter_of(subject, letter, public, detail), actor, dry_run=dry_run)

    async def update(
        self, subject_id: str, phase: str, text: str, actor: str, *, dry_run: bool = False
    ) -> UpdateState | PublicRefused:
        """Propose words for the page, which another person then publishes."""
        async with self._one_at_a_time:
            subject = self._subject(subject_id, "", text)
            if isinstance(subject, PublicRefused):
                return subject
            phases = INCIDENT_PHASES if subject.severity else MAINTENANCE_PHASES
            if phase and phase not in phases:
                return _no(PublicRefusal.UNFIT, f"{phase!r:.40} is no phase of it; write one of {', '.join(phases)}")
            proposed = update_of(subject, self._public(), text, phase)
            if proposed is None:
                no = f"{subject.kind} has no words for {subject.phase}; give your own"
                return _no(PublicRefusal.INCOMPLETE, no)
            return await self._propose_update(proposed, actor, dry_run=dry_run)

    async def rewrite(
        self, words_id: str, heading: str, text: str, actor: str, why: str = "", *, dry_run: bool = False
    ) -> UpdateState | LetterState | PublicRefused:
        """Propose other words in place of those that wait; another person than this one then approves them.

        heading: the title on the page, or the subject of the letter.
        """
        async with self._one_at_a_time:
            known = self._waiting(words_id, "")
            if isinstance(known, PublicRefused):
                return known
            fault = self._fault_of(f"{heading}\n{text}")
            if fault:
                return _no(PublicRefusal.UNFIT, f"the text holds {fault}; leave it out")
            if not heading or not text:
                return _no(PublicRefusal.UNFIT, "words have a heading and a text; to say nothing, refuse them")
            if isinstance(known, UpdateState):
                update = replace(known.said, title=heading, text=text, replaces=known.id, why=why)
                return await self._propose_update(update, actor, dry_run=dry_run)
            letter = replace(known.said, subject=heading, body=text, replaces=known.id, why=why)
            return await self._propose_letter(letter, actor, dry_run=dry_run)

    async def answer(
        self, words_id: str, actor: str, *, approve: bool, why: str = "", dry_run: bool = False
    ) -> UpdateState | LetterState | PublicRefused:
        """Publish or send what is proposed, or say that it never will be."""
        async with self._one_at_a_time:
            known = self._waiting(words_id, actor if approve else "")
            if isinstance(known, PublicRefused):
                return known
            if isinstance(known, UpdateState):
                if not dry_run:
                    await self._writer.append(StatusAnswered(update_id=known.id, publish=approve, why=why), actor)
                return self._writer.state.public.updates[known.id]
            contacts = contacts_of(self._public(), known.said.audience) if approve else ()
            if approve and not contacts:
                return _no(PublicRefusal.NOBODY, f"the audience {known.said.audience} has no contacts any more")
            if not dry_run:
                said = CommunicationAnswered(communication_id=known.id, send=approve, why=why, contacts=contacts)
                await self._writer.append(said, actor)
            return self._writer.state.public.letters[known.id]

    async def _propose_update(self, said: StatusProposed, actor: str, *, dry_run: bool) -> UpdateState:
        if dry_run:
            return UpdateState(id="", said=said, by=actor, at_ms=self._clock.now_ms())
        entry = await self._writer.append(said, actor)
        return self._writer.state.public.updates[f"upd-{entry.sequence}"]

    async def _propose_letter(
        self, said: CommunicationProposed, actor: str, *, dry_run: bool
    ) -> LetterState | PublicRefused:
        if dry_run:
            return LetterState(id="", said=said, by=actor, at_ms=self._clock.now_ms())
        entry = await self._writer.append(said, actor)
        proposed = self._writer.state.public.letters.get(f"com-{entry.sequence}")
        if proposed is None:
            # The daemon proposed or sent one while this waited for the journal, and of two the first counts.
            return _no(PublicRefusal.ALREADY, f"{said.letter} about {said.subject_id} was proposed just before")
        return proposed

    def _fault_of(self, text: str) -> str:
        """What must not go outside in a person's words; that our own page and support are named is no fault."""
        page = self._public().page
        for own in (page.support, page.url):
            if own is not None and fault_of(own):
                text = text.replace(own, " ")
        return fault_of(text)

    def _waiting(self, words_id: str, approver: str) -> UpdateState | LetterState | PublicRefused:
        """What is proposed, if this person may approve it. approver: empty for whoever says no."""
        if self._clock.now_ms() >= self._writer.lease.until_ms:
            return _no(PublicRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")
        book = self._writer.state.public
        known = book.updates.get(words_id, book.letters.get(words_id))
        if known is None:
            return _no(PublicRefusal.UNKNOWN, f"nothing proposed is called {words_id!r:.60}; see communications list")
        if known.standing is not Standing.WAITING:
            return _no(PublicRefusal.ALREADY, f"{known.id} was answered by {known.answered_by} already")
        if approver == known.by != DAEMON:
            return _no(PublicRefusal.OWN, f"{known.id} is your own; another person has to approve it")
        return known

    def _subject(self, subject_id: str, kind: str, text: str) -> Subject | PublicRefused:
        public, state = self._public(), self._writer.state
        if self._clock.now_ms() >= self._writer.lease.until_ms:
            return _no(PublicRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")
        incident = state.incidents.get(subject_id)
        named = subject_id if incident is None or not incident.merged_into else incident.merged_into
        if incident is None and named not in state.escalation.maintenances:
            what = "there is no incident and no maintenance of this name; see incidents list --all"
            return _no(PublicRefusal.UNKNOWN, what)
        kinds = ", ".join(one.kind for one in public.communications)
        if kind and public.communication(kind) is None:
            return _no(PublicRefusal.NO_KIND, f"no communication is called {kind!r:.60}; known: {kinds}")
        subject = subject_of(state, named, public, self._clock.now_ms(), kind)
        if subject is None:
            return _no(PublicRefusal.NO_KIND, f"no kind is like {named}; name one of {kinds}")
        fault = self._fault_of(text)
        if fault:
            return _no(PublicRefusal.UNFIT, f"the text holds {fault}; leave it out")
        return subject

    def _letters(self, subject: Subject) -> tuple[Letter, ...]:
        told = self._public().communication(subject.kind)
        return () if told is None else told.letters

    def _draft(self, subject: Subject, letter: Letter, detail: str) -> LetterDraft:
        public = self._public()
        said: CommunicationProposed = letter_of(subject, letter, public, detail)
        known = self._writer.state.public.letter_of((subject.id, subject.kind, letter.name))
        return LetterDraft(
            letter=letter.name,
            audience=letter.audience,
            contacts=len(contacts_of(public, letter.audience)),
            subject=said.subject,
            body=said.body,
            missing=missing(subject, letter, values_of(subject, public, detail)),
            already="" if known is None else known.standing.value,
            failed_payments=said.failed_payments,
        )


def _unready(draft: LetterDraft, subject_id: str) -> PublicRefused | None:
    if draft.missing:
        named = ", ".join(draft.missing)
        return _no(PublicRefusal.INCOMPLETE, f"{named} is not known yet; give detail, or wait until it is over")
    if not draft.contacts:
        where = "add it to audiences of status-page.yaml"
        return _no(PublicRefusal.NOBODY, f"the audience {draft.audience} has no contacts; {where}")
    if draft.already not in {"", Standing.REJECTED}:
        return _no(PublicRefusal.ALREADY, f"{draft.letter} about {subject_id} is {draft.already} already")
    return None


def _no(refusal: PublicRefusal, detail: str) -> PublicRefused:
    return PublicRefused(refusal=refusal, detail=detail)
