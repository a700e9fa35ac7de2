"""Publishes the journal's newest version of the flags at once, each minute and upon each connection; hears reports."""

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from daemon.errors import BrokerGone
from daemon.flags.followers import Followers
from daemon.flags.ports import Broker, Session
from daemon.sources.backoff import Backoff
from payment_core.audit.signing import Ed25519Signer
from payment_core.flags.envelope import Report, seal
from payment_core.flags.errors import EnvelopeRefused
from remediation.flags.document import base_of, document_of, text_of
from remediation.flags.state import FlagBook
from remediation.ports import Clock

log = structlog.get_logger()

FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 5.0
"""Processes poll meanwhile; a broker that is back is found within seconds."""
RENEW_SECONDS = 60.0
"""A document is sealed anew this often, so that its age tells whether anybody still stands behind it."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A signed document, as it is sent. etag: tells it from every other one."""

    version: int
    issued_at_ms: int
    body: bytes

    @property
    def etag(self) -> str:
        """An entity tag of HTTP, with its quotes."""
        return f'"{self.version}.{self.issued_at_ms}"'


class PublisherStatus(msgspec.Struct, frozen=True, kw_only=True):
    """broker: whether there is one. connected: now. version, at_ms: what the broker took last; 0: nothing yet.

    fault: why it is not connected; empty while it is.
    """

    broker: bool
    connected: bool
    version: int
    at_ms: int
    fault: str


class FlagPublisher:
    """book: what the journal says at this moment. broker: None where processes only poll. See `Flags` for the rest."""

    def __init__(
        self,
        book: Callable[[], FlagBook],
        signer: Ed25519Signer,
        broker: Broker | None,
        followers: Followers,
        clock: Clock,
    ) -> None:
        self._book = book
        self._signer = signer
        self._broker = broker
        self._followers = followers
        self._clock = clock
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS)
        self._due = asyncio.Event()
        self._sealed: Sealed | None = None
        self._connected = False
        self._sent = (0, 0)
        self._fault = "not connected yet"
        self.unreadable_reports = 0
        """Since the start."""

    @property
    def status(self) -> PublisherStatus:
        """How publishing goes."""
        version, at_ms = self._sent
        return PublisherStatus(
            broker=self._broker is not None,
            connected=self._connected,
            version=version,
            at_ms=at_ms,
            fault=self._fault,
        )

    def publish(self) -> None:
        """Send what the journal says now, as soon as the loop comes to it; never waits."""
        self._due.set()

    def sealed(self) -> Sealed | None:
        """The newest version under its signature, renewed each minute; None before there is any document.

        Raises EnvelopeRefused for a document that is too large to be sent.
        """
        book, now_ms = self._book(), self._clock.now_ms()
        if not book.document:
            return None
        kept = self._sealed
        if kept is None or kept.version != book.version or now_ms - kept.issued_at_ms >= RENEW_SECONDS * 1000:
            text = text_of(document_of(base_of(book), book))
            body = seal(text, version=book.version, issued_at_ms=now_ms, signer=self._signer)
            kept = self._sealed = Sealed(version=book.version, issued_at_ms=now_ms, body=body)
        return kept

    async def run(self) -> None:
        """Stay connected, publish and listen, until cancelled; a broker that is away is tried again."""
        if self._broker is None:
            await asyncio.Event().wait()
            return
        failures = 0
        while True:
            try:
                async with self._broker.session() as session:
                    self._connected, self._fault, failures = True, "", 0
                    await self._serve(session)
            except* BrokerGone as gone:
                self._fault = str(gone.exceptions[0])
                log.warning("flags not published", action="flag_broker_gone", fault=self._fault)
            finally:
                self._connected = False
            await self._clock.sleep(self._backoff.seconds(failures))
            failures += 1

    async def _serve(self, session: Session) -> None:
        self._due.set()
        async with asyncio.TaskGroup() as both:
            both.create_task(self._publish_for_ever(session), name="publish flags")
            both.create_task(self._listen(session), name="listen for reports of flags")

    async def _publish_for_ever(self, session: Session) -> None:
        while True:
            try:
                async with asyncio.timeout(RENEW_SECONDS):
                    await self._due.wait()
            except TimeoutError:
                log.debug("flags renewed", action="flags_renewed")
            self._due.clear()
            await self._send(session)

    async def _send(self, session: Session) -> None:
        try:
            sealed = self.sealed()
        except EnvelopeRefused as fault:
            self._fault = str(fault)
            log.error("flags not published", action="flags_not_sealed", fault=str(fault))
            return
        if sealed is not None:
            await session.publish(sealed.body)
            self._sent = (sealed.version, self._clock.now_ms())

    async def _listen(self, session: Session) -> None:
        async for body in session.reports():
            self.take_report(body)
        raise BrokerGone("the connection ended")

    def take_report(self, body: bytes) -> None:
        """Believe what a process says of itself; what cannot be read is counted."""
        try:
            report = msgspec.json.decode(body, type=Report)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.unreadable_reports += 1
            return
        self._followers.heard(report, self._clock.now_ms())
