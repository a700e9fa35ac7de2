"""E-mail over SMTP: one connection and one message for each notice, encrypted, in a thread for each alert."""

import asyncio
import contextlib
import ssl
from typing import cast

import aiosmtplib

from config.escalation.channel_kinds import EmailChannel, is_mailbox
from daemon.channels.kinds.letter import Letter, letter_of, message_of
from daemon.channels.ports import ATTEMPT_SECONDS, ChannelDown, NotDelivered, NoticeNotTaken, NoticeRefused, Receipt
from daemon.errors import NotUsable
from remediation.escalation.notices import Notice

_FINAL = 500
"""RFC 5321: 4yz may be tried again, 5yz may not."""
_QUIT_SECONDS = 1.0


class Mailer:
    """Hands letters to a mail server. tls: None for a server on this machine that has none."""

    def __init__(
        self,
        settings: EmailChannel,
        password: str,
        tls: ssl.SSLContext | None,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self._settings = settings
        self._password = password
        self._tls = tls
        self._attempt_seconds = attempt_seconds

    async def send(self, letter: Letter, at_ms: int) -> Receipt:
        """Until the server has taken it. Raises NotDelivered, as one of its three kinds and without any address."""
        if not is_mailbox(letter.to):
            raise NoticeRefused("the contact's address is no e-mail address")
        message = message_of(letter, self._settings.sender, at_ms)
        client, transport = self._client(), None
        try:
            async with asyncio.timeout(self._attempt_seconds):
                await client.connect()
                transport = client.transport
                await client.sendmail(self._settings.sender, [letter.to], message.as_bytes())
        except TimeoutError as fault:
            raise ChannelDown(f"no answer within {self._attempt_seconds:g} s") from fault
        except (aiosmtplib.SMTPException, OSError) as fault:
            raise _meaning(fault) from fault
        else:
            # The letter is taken: what goes wrong from here on must not have it sent again.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_QUIT_SECONDS)
        finally:
            client.close()
            if transport is not None:
                # All is said; TLS would wait for the other side to say goodbye, and leave the connection open so long.
                cast("asyncio.WriteTransport", transport).abort()
        return Receipt("SMTP 250")

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username if settings.username else None,
            password=self._password if settings.username else None,
            # Its default looks the machine's name up, which may block.
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=self._attempt_seconds,
            use_tls=settings.tls == "implicit",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls,
        )


class Email:
    """Channel; an address is a mailbox."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel."""
        return await self._mailer.send(letter_of(notice, key, address), at_ms)


async def open_mailer(settings: EmailChannel, password: str) -> Mailer:
    """The server of the settings, not yet connected. Raises NotUsable when the file of its authority cannot be used."""
    if settings.tls == "none":
        return Mailer(settings, password, None)
    try:
        context = await asyncio.to_thread(ssl.create_default_context, cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as fault:
        raise NotUsable(f"{settings.ca_file}: the authority of the mail server cannot be read: {fault}") from fault
    return Mailer(settings, password, context)


def _meaning(fault: Exception) -> NotDelivered:
    """What the server's refusal means; its words hold addresses, so that they are not told."""
    match fault:
        case aiosmtplib.SMTPRecipientsRefused():
            code = max((one.code for one in fault.recipients), default=_FINAL)
            return _of_letter(code, "for the recipient")
        case aiosmtplib.SMTPDataError():
            return _of_letter(fault.code, "for the message")
        case aiosmtplib.SMTPAuthenticationError():
            return ChannelDown(f"SMTP {fault.code} at the login")
        case aiosmtplib.SMTPSenderRefused():
            return ChannelDown(f"SMTP {fault.code} for the sender")
        case aiosmtplib.SMTPResponseException():
            return ChannelDown(f"SMTP {fault.code}")
        case _:
            return ChannelDown(type(fault).__name__)


def _of_letter(code: int, what: str) -> NotDelivered:
    words = f"SMTP {code} {what}"
    return NoticeRefused(words) if code >= _FINAL else NoticeNotTaken(words)
