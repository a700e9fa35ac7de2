"""Hands approved letters over: intent on disk, then the channel, then what became of it; each contact once."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping

import structlog

from config.escalation.on_call import Contact
from config.public.reading import Public
from daemon.channels.kinds.letter import Letter
from daemon.channels.ports import ATTEMPT_SECONDS, ChannelDown, NotDelivered, NoticeRefused, Receipt
from daemon.channels.setbacks import wait_ms
from daemon.public.carriers import Carrier
from remediation.errors import NotJournaled
from remediation.journal.entry import Entry
from remediation.journal.public_kinds import CommunicationBegun, CommunicationFailed, CommunicationSent, PublicBody
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.public.state import LetterState, Standing

log = structlog.get_logger()

LOOK_SECONDS = 1.0
LONGEST_WAIT_MS = 300_000
"""A letter may come minutes late, and a mail server that is down is not helped by being asked each second."""


class LetterSender:
    """carriers: by channel. deadline_seconds: after it what no channel took is given up. share: draws from 0 to 1."""

    def __init__(
        self,
        writer: JournalWriter,
        clock: Clock,
        public: Callable[[], Public],
        carriers: Mapping[str, Carrier],
        deadline_seconds: float,
        share: Callable[[], float],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._public = public
        self._carriers = carriers
        self._deadline_ms = round(deadline_seconds * 1000)
        self._share = share
        self._failures: dict[tuple[str, str], tuple[int, int]] = {}
        self._taken: dict[tuple[str, str], CommunicationSent] = {}
        self._named: dict[str, tuple[Contact, ...]] = {}
        self._woken = asyncio.Event()
        writer.heard_by(self._heard)

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._woken.clear()
            await self.step()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def step(self) -> None:
        """Hand over whatever may be now, one after the other: letters are few, and no page waits behind them."""
        opened = [one for one in self._writer.state.public.letters.values() if one.standing is Standing.OPEN]
        for over in self._named.keys() - {one.id for one in opened}:
            del self._named[over]
        for letter in opened:
            for contact in letter.left:
                now_ms = self._clock.now_ms()
                if now_ms >= self._writer.lease.until_ms:
                    return
                failures = self._failures.get((letter.id, contact))
                if failures is None or now_ms >= failures[1]:
                    try:
                        await self._attempt(letter, contact)
                    except NotJournaled as fault:
                        log.error("letter not recorded", action="journal_fault", letter=letter.id, fault=str(fault))
                        return

    async def _attempt(self, letter: LetterState, contact: str) -> None:
        taken = self._taken.get((letter.id, contact))
        if taken is not None:
            # The channel has it, and only the journal did not take that yet.
            await self._end(letter, contact, taken)
            return
        found = self._contact(letter, contact)
        carrier = None if found is None else self._carriers.get(found.channel)
        if found is None or carrier is None:
            channel = "" if found is None else found.channel
            await self._end(letter, contact, _failed(letter, contact, channel, "nobody is named there", final=True))
            return
        key = hashlib.sha256(f"{letter.id}\0{letter.at_ms}\0{contact}".encode()).hexdigest()[:32]
        if contact not in letter.begun:
            await self._writer.append(CommunicationBegun(communication_id=letter.id, contact=contact, key=key))
        said = letter.said
        note = Letter(to=found.address, subject=said.subject, text=said.body, key=key)
        try:
            receipt = await self._send(carrier, note)
        except NotDelivered as fault:
            await self._setback(letter, contact, found.channel, fault)
            return
        sent = CommunicationSent(
            communication_id=letter.id, contact=contact, channel=found.channel, detail=receipt.detail
        )
        self._taken[letter.id, contact] = sent
        await self._end(letter, contact, sent)

    async def _send(self, carrier: Carrier, note: Letter) -> Receipt:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS + 1):
                return await carrier.send(note, self._clock.now_ms())
        except NotDelivered:
            raise
        except Exception as fault:
            # Its text may hold an address, so it is not told.
            log.error("letter broke its channel", action="channel_fault", fault=type(fault).__name__)
            raise ChannelDown(type(fault).__name__) from fault

    async def _setback(self, letter: LetterState, contact: str, channel: str, fault: NotDelivered) -> None:
        now_ms = self._clock.now_ms()
        count = self._failures.get((letter.id, contact), (0, 0))[0] + 1
        final = isinstance(fault, NoticeRefused) or now_ms - letter.answered_at_ms >= self._deadline_ms
        asked_ms = round(fault.retry_after_seconds * 1000)
        waits_ms = min(LONGEST_WAIT_MS, max(asked_ms, wait_ms(count, self._share()) * count))
        self._failures[letter.id, contact] = (count, now_ms + waits_ms)
        log.warning("letter not taken", action="letter_failed", letter=letter.id, channel=channel, fault=fault.detail)
        said = _failed(letter, contact, channel, fault.detail, final=final)
        if final:
            await self._end(letter, contact, said)
        elif count == 1:
            # An outage is one line of the journal and not one for each attempt.
            await self._writer.append(said)

    async def _end(self, letter: LetterState, contact: str, said: PublicBody) -> None:
        await self._writer.append(said)
        self._failures.pop((letter.id, contact), None)
        self._taken.pop((letter.id, contact), None)

    def _contact(self, letter: LetterState, contact: str) -> Contact | None:
        """Whom the place stood for when the letter was first looked at; None when nobody stands for it any more.

        A reload may move the others: nobody has a letter twice because of it, and nobody in place of another. An
        address that was set right is the new one.
        """
        audience, _, index = contact.partition("/")
        known = self._public().page.audiences.get(audience)
        now = () if known is None else known.contacts
        then, place = self._named.setdefault(letter.id, now), int(index)
        if place < len(then) and then[place] in now:
            return then[place]
        found = now[place] if place < len(now) else None
        return None if found in then else found

    def _heard(self, entry: Entry) -> None:
        if entry.kind == "communication.answered":
            self._woken.set()


def _failed(letter: LetterState, contact: str, channel: str, why: str, *, final: bool) -> CommunicationFailed:
    return CommunicationFailed(communication_id=letter.id, contact=contact, channel=channel, why=why, final=final)
