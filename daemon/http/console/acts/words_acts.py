"""What people do from the console about words for the outside: write them, change them, say yes or no."""

from collections.abc import Mapping

from config.public.communication import INCIDENT_PHASES
from daemon.http.console.acts.act import Act, Asked, Done, Field, Ground, Preview, Unusable
from daemon.http.words.wording import counted, words
from daemon.public.desk import PublicDesk, PublicRefused
from remediation.public.due import contacts_of
from remediation.public.state import LetterState, UpdateState

WORDS_LENGTH_MAX = 3_000
"""Characters of a text; those that are packaged have a third of it."""
HEADING_LENGTH_MAX = 150
SECOND = "Another person has to approve it before anybody outside reads it."


def _desk(ground: Ground) -> PublicDesk:
    parts = ground.options.public
    if parts is None:
        raise Unusable("The outside is told nothing from here.")
    return parts.desk


def _known(ground: Ground, told: Mapping[str, str]) -> UpdateState | LetterState | None:
    book, name = ground.state.public, told.get("words_id", "")
    return book.updates.get(name, book.letters.get(name))


def heading_of(one: UpdateState | LetterState) -> str:
    """Its title on the page, or its subject."""
    return one.said.title if isinstance(one, UpdateState) else one.said.subject


def text_of(one: UpdateState | LetterState) -> str:
    """Its words."""
    return one.said.text if isinstance(one, UpdateState) else one.said.body


def quoted(one: UpdateState | LetterState) -> str:
    """All that somebody outside reads of it."""
    return f"{heading_of(one)}\n\n{text_of(one)}"


def _reaches(ground: Ground, one: UpdateState | LetterState) -> str:
    """Who would read it."""
    if isinstance(one, UpdateState):
        return f"The status page says it about {one.said.subject_id}: {words(one.said.phase)}, {one.said.impact}."
    parts = ground.options.public
    contacts = 0 if parts is None else len(contacts_of(parts.public(), one.said.audience))
    to = f"{one.said.audience} ({counted(contacts, 'contact')})"
    return f"The letter {one.said.letter} about {one.said.subject_id} goes to {to}, once."


def _proposed(ground: Ground, found: UpdateState | LetterState | PublicRefused) -> Preview:
    if isinstance(found, PublicRefused):
        return Preview(refusal=f"{found.detail}.")
    return Preview(would=(f"You propose: {_reaches(ground, found)}",), quote=quoted(found), notes=(SECOND,))


def _done(found: UpdateState | LetterState | PublicRefused, what: str) -> Done:
    return Done(refusal=f"{found.detail}.") if isinstance(found, PublicRefused) else Done(f"{found.id} {what}.")


async def look_approve(ground: Ground, asked: Asked) -> Preview:
    """Who would read what."""
    found = await _desk(ground).answer(asked["words_id"], asked.by.name, approve=True, dry_run=True)
    if isinstance(found, PublicRefused):
        known = _known(ground, asked.values)
        return Preview(refusal=f"{found.detail}.", quote="" if known is None else quoted(known))
    notes = (f"Proposed by {found.by}. What was told cannot be taken back; more can be said.",)
    return Preview(would=(_reaches(ground, found),), quote=quoted(found), notes=notes)


async def approve(ground: Ground, asked: Asked) -> Done:
    """Publish or send it."""
    found = await _desk(ground).answer(asked["words_id"], asked.by.name, approve=True, why=asked.reason)
    return _done(found, "is published" if isinstance(found, UpdateState) else "is on its way")


async def look_refuse(ground: Ground, asked: Asked) -> Preview:
    """What nobody would read."""
    found = await _desk(ground).answer(asked["words_id"], asked.by.name, approve=False, dry_run=True)
    if isinstance(found, PublicRefused):
        return Preview(refusal=f"{found.detail}.")
    would = f"Nobody outside reads {found.id}, and it is not proposed by itself again."
    return Preview(would=(would,), quote=quoted(found), notes=(f"Proposed by {found.by}.",))


async def refuse(ground: Ground, asked: Asked) -> Done:
    """Let nobody read it."""
    found = await _desk(ground).answer(asked["words_id"], asked.by.name, approve=False, why=asked.reason)
    return _done(found, "is refused")


async def look_rewrite(ground: Ground, asked: Asked) -> Preview:
    """What would wait instead."""
    desk, known = _desk(ground), _known(ground, asked.values)
    if known is not None and (asked["heading"], asked["text"]) == (heading_of(known).strip(), text_of(known).strip()):
        return Preview(refusal=f"These are the words of {known.id}; write others.")
    found = await desk.rewrite(asked["words_id"], asked["heading"], asked["text"], asked.by.name, dry_run=True)
    if isinstance(found, PublicRefused):
        return Preview(refusal=f"{found.detail}.")
    would = f"Your words wait in place of {asked['words_id']}, which nobody reads any more. {_reaches(ground, found)}"
    return Preview(would=(would,), quote=quoted(found), notes=(SECOND,))


async def rewrite(ground: Ground, asked: Asked) -> Done:
    """Propose other words in its place."""
    desk = _desk(ground)
    found = await desk.rewrite(asked["words_id"], asked["heading"], asked["text"], asked.by.name, asked.reason)
    return _done(found, f"waits in place of {asked['words_id']}; another person has to approve it")


async def look_write(ground: Ground, asked: Asked) -> Preview:
    """What would wait for another person."""
    desk = _desk(ground)
    return _proposed(
        ground,
        await desk.update(asked["subject_id"], asked["phase"], asked["text"], asked.by.name, dry_run=True),
    )


async def write(ground: Ground, asked: Asked) -> Done:
    """Propose words for the page."""
    found = await _desk(ground).update(asked["subject_id"], asked["phase"], asked["text"], asked.by.name)
    return _done(found, "waits; another person has to approve it")


async def look_letter(ground: Ground, asked: Asked) -> Preview:
    """What would wait for another person."""
    desk = _desk(ground)
    return _proposed(
        ground,
        await desk.communicate(
            asked["subject_id"], asked["letter"], asked.by.name, detail=asked["detail"], dry_run=True
        ),
    )


async def letter(ground: Ground, asked: Asked) -> Done:
    """Propose a letter."""
    found = await _desk(ground).communicate(asked["subject_id"], asked["letter"], asked.by.name, detail=asked["detail"])
    return _done(found, "waits; another person has to approve it")


def _letters(ground: Ground, told: Mapping[str, str]) -> Mapping[str, str]:
    """The letters about this subject, with what is known of each."""
    found = _desk(ground).drafts(told.get("subject_id", ""))
    if isinstance(found, PublicRefused):
        return {}
    return {one.letter: f"{one.letter}, to {one.audience}{_note(one.already)}" for one in found}


def _note(already: str) -> str:
    return f" ({already} already)" if already else ""


def _phases(ground: Ground, told: Mapping[str, str]) -> Mapping[str, str]:
    del ground, told
    return {phase: words(phase) for phase in INCIDENT_PHASES}


def _heading(ground: Ground, told: Mapping[str, str]) -> str:
    known = _known(ground, told)
    return "" if known is None else heading_of(known)


def _text(ground: Ground, told: Mapping[str, str]) -> str:
    known = _known(ground, told)
    return "" if known is None else text_of(known)


WORDS = (Field(name="words_id"),)
SUBJECT = (Field(name="subject_id"),)
_ASKED_TEXT = "No account, amount, address of a machine or name of ours; such words are refused."
WORDS_ACTS = (
    Act(
        name="communication.approve",
        needs="approver",
        label="Approve",
        title="Let the outside read {words_id}?",
        confirm="Approve",
        fields=WORDS,
        look=look_approve,
        perform=approve,
        reason="optional",
    ),
    Act(
        name="communication.refuse",
        needs="approver",
        label="Refuse",
        title="Let nobody outside read {words_id}?",
        confirm="Refuse",
        fields=WORDS,
        look=look_refuse,
        perform=refuse,
        harms=True,
    ),
    Act(
        name="communication.rewrite",
        needs="operator",
        label="Edit",
        title="Other words in place of {words_id}",
        confirm="Propose these",
        fields=(
            *WORDS,
            Field(name="heading", label="Heading", kind="text", begins=_heading, length_max=HEADING_LENGTH_MAX),
            Field(
                name="text",
                label="Words",
                kind="words",
                hint=_ASKED_TEXT,
                begins=_text,
                length_max=WORDS_LENGTH_MAX,
            ),
        ),
        look=look_rewrite,
        perform=rewrite,
        reason="optional",
    ),
    Act(
        name="communication.update",
        needs="operator",
        label="Write for the status page",
        title="What is the status page to say about {subject_id}?",
        confirm="Propose it",
        fields=(
            *SUBJECT,
            Field(name="phase", label="It is", kind="choice", choices=_phases, optional=True),
            Field(
                name="text",
                label="Words",
                kind="words",
                hint=f"Empty: those of its kind. {_ASKED_TEXT}",
                optional=True,
                length_max=WORDS_LENGTH_MAX,
            ),
        ),
        look=look_write,
        perform=write,
        reason="none",
    ),
    Act(
        name="communication.letter",
        needs="operator",
        label="Propose a letter",
        title="Which letter about {subject_id}?",
        confirm="Propose it",
        fields=(
            *SUBJECT,
            Field(name="letter", label="Letter", kind="choice", choices=_letters),
            Field(
                name="detail",
                label="What only you know",
                kind="text",
                hint="Where a letter asks for a detail.",
                optional=True,
            ),
        ),
        look=look_letter,
        perform=letter,
        reason="none",
    ),
)
