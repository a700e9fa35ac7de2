"""Puts a question to people, once, for whoever cannot go on without their yes."""

from config.guardrails import Approvals
from remediation.decisions import Question
from remediation.guardrails.approvals import newest, to_ask
from remediation.journal.writer import JournalWriter


async def ask(writer: JournalWriter, approvals: Approvals, question: Question, requested_by: str, now_ms: int) -> str:
    """The name under which people answer it. Written unless it stands, was answered, or nobody has to be asked.

    Journal faults are raised, and nothing was asked then.
    """
    asked = to_ask(writer.state, approvals, question, requested_by, now_ms)
    if asked is not None:
        await writer.append(asked, requested_by)
    found = newest(writer.state, question)
    return "it" if found is None else found.id
