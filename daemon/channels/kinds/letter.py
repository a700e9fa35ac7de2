"""An e-mail as text: headers that nothing observed can add to, and a thread for each alert."""

import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import msgspec

from daemon.channels.cutting import cut, cut_bytes, in_one_line, readable
from remediation.escalation.notices import Notice
from remediation.incidents.labels import SEVERITY_NAMES

SUBJECT_LENGTH_MAX = 200
BODY_BYTES_MAX = 64 * 1024
_POLICY = SMTP.clone(cte_type="7bit")
"""Encoded for servers that take ASCII alone, in lines that none of them breaks."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One e-mail to one mailbox, in plain text.

    key: sent twice under it, it has the same Message-ID. thread: what all of one conversation have in common; empty for
    a letter that stands alone. answers: whether it comes after another one of its thread.
    """

    to: str
    subject: str
    text: str
    key: str
    thread: str = ""
    answers: bool = False


def letter_of(notice: Notice, key: str, address: str) -> Letter:
    """What a notice says by e-mail. All letters of one alert have one subject, which some mail clients group by."""
    return Letter(
        to=address,
        subject=f"{SEVERITY_NAMES.get(notice.severity, 'medium')}: {notice.about}" if notice.about else notice.title,
        text=f"{notice.title}\n\n{notice.body}\n\n{notice.dedup_key}\n",
        key=key,
        thread=notice.dedup_key,
        answers=notice.kind != "trigger",
    )


def message_of(letter: Letter, sender: str, at_ms: int) -> EmailMessage:
    """The message as RFC 5322 asks for. sender: a mailbox, whose domain names the message."""
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = letter.to
    subject = cut(in_one_line(readable(letter.subject)), SUBJECT_LENGTH_MAX)
    message["Subject"] = f"Re: {subject}" if letter.answers else subject
    message["Date"] = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    message["Message-ID"] = _id_of(letter.key, domain)
    if letter.thread:
        # The first letter names it as well: SES gives its own Message-ID, so that no other letter could name that.
        message["In-Reply-To"] = message["References"] = _id_of(f"thread {letter.thread}", domain)
    # RFC 3834: nobody's out-of-office answers it.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Tillwatch-Notice"] = in_one_line(letter.key)
    message.set_content(cut_bytes(readable(letter.text), BODY_BYTES_MAX))
    return message


def _id_of(key: str, domain: str) -> str:
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
