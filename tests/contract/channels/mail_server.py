"""A mail server on this machine that does as it is told, with and without TLS, and keeps RFC 5321's order."""

import asyncio
import email
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP


@dataclass
class MailServer:
    """codes: what it answers to a verb instead of yes, such as ``{"RCPT": 550}``. starttls: None: it offers none.

    letters: what was accepted. broken: rules that the client broke.
    """

    starttls: ssl.SSLContext | None = None
    codes: dict[str, int] = field(default_factory=dict)
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    hangs: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        await _say(writer, "220 mail.example.com ESMTP")
        if self.hangs:
            await reader.read()
        while True:
            line = (await reader.readline()).decode("ascii").rstrip("\r\n")
            verb, _, rest = line.partition(" ")
            code = self.codes.get(verb.upper())
            if code is not None:
                await _say(writer, f"{code} no, not {rest}")
            elif verb.upper() == "STARTTLS" and self.starttls is not None:
                await _say(writer, "220 go ahead")
                await writer.start_tls(self.starttls)
            elif verb.upper() == "DATA":
                await self._data(reader, writer)
            elif await self._said(verb.upper(), rest, writer):
                return

    async def _said(self, verb: str, rest: str, writer: asyncio.StreamWriter) -> bool:
        """Whether that was the last word."""
        match verb:
            case "EHLO":
                more = ["STARTTLS"] if self.starttls is not None and not _is_encrypted(writer) else ["AUTH PLAIN"]
                lines = ["mail.example.com", *more, "SIZE 10485760"]
                await _say(writer, *(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}")
            case "AUTH":
                self.logins.append(rest)
                await _say(writer, "235 welcome")
            case "RCPT":
                self.recipients.append(rest.partition("<")[2].partition(">")[0])
                await _say(writer, "250 ok")
            case "QUIT":
                await _say(writer, "221 bye")
                return True
            case "":
                return True
            case _:
                await _say(writer, "250 ok")
        return False

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _say(writer, "354 go on")
        lines: list[bytes] = []
        while (line := await reader.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        raw = b"".join(lines)
        self.broken += [f"a line of {len(line)} bytes" for line in lines if len(line) > 1000]
        self.broken += ["not ASCII"] if not raw.isascii() else []
        code = self.codes.get("END", 250)
        if code == 250:
            message = email.message_from_bytes(raw, policy=SMTP)
            self.broken += [f"twice {name}" for name in message if len(message.get_all(name, [])) > 1]
            self.broken += [f"a header nobody wrote: {name}" for name in message if name.lower() not in HEADERS]
            self.letters.append(message)
            self.encrypted.append(_is_encrypted(writer))
        await _say(writer, f"{code} queued for {self.recipients[-1]}")


HEADERS = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "auto-submitted",
        "x-tillwatch-notice",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
    }
)


def _is_encrypted(writer: asyncio.StreamWriter) -> bool:
    return writer.get_extra_info("ssl_object") is not None


async def _say(writer: asyncio.StreamWriter, *lines: str) -> None:
    writer.write("".join(f"{line}\r\n" for line in lines).encode("ascii"))
    await writer.drain()
