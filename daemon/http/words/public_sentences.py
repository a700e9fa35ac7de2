"""What the journal says about telling the outside, as sentences."""

from typing import assert_never

from daemon.http.words.guardrail_sentences import Parts
from daemon.http.words.wording import words
from remediation.journal.public_kinds import (
    CommunicationAnswered,
    CommunicationBegun,
    CommunicationFailed,
    CommunicationProposed,
    CommunicationSent,
    PublicBody,
    StatusAnswered,
    StatusProposed,
)


def public_parts(body: PublicBody) -> Parts:
    """The entry in words; who did it stands beside it."""
    if isinstance(body, CommunicationBegun | CommunicationSent | CommunicationFailed):
        return _handed_over(body)
    match body:
        case StatusProposed():
            about = f"about {body.subject_id}, {words(body.phase)}{_in_place_of(body.replaces)}"
            return "act", "status page", f"Proposed for the status page {about}: {body.title}.", body.text
        case StatusAnswered():
            said = "is published" if body.publish else "is not published"
            return "good" if body.publish else "plain", "status page", f"{body.update_id} {said}.", body.why
        case CommunicationProposed():
            about = f"about {body.subject_id}{_in_place_of(body.replaces)}"
            text = f"Proposed for {body.audience} {about}: {body.letter} of {body.kind}."
            return "act", "communication", text, body.subject
        case CommunicationAnswered():
            said = "may be sent" if body.send else "is not sent"
            return "good" if body.send else "plain", "communication", f"{body.communication_id} {said}.", body.why
        case _:
            assert_never(body)


def _in_place_of(words_id: str) -> str:
    return f", in place of {words_id}" if words_id else ""


def _handed_over(body: CommunicationBegun | CommunicationSent | CommunicationFailed) -> Parts:
    match body:
        case CommunicationBegun():
            text = f"About to hand {body.communication_id} over for {body.contact}."
            return "act", "communication", text, ""
        case CommunicationSent():
            text = f"{body.channel} took {body.communication_id} for {body.contact}."
            return "good", "communication", text, body.detail
        case CommunicationFailed():
            again = "is not tried again" if body.final else "is tried again"
            text = f"{body.channel} did not take {body.communication_id} for {body.contact}; it {again}."
            return "bad", "communication", text, body.why
        case _:
            assert_never(body)
