"""From a message to what is served: checked, compared, compiled, kept on disk, and only then served."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from payment_core.audit.signing import Checker
from payment_core.clock import Clock
from payment_core.flags import Evaluator
from payment_core.flags.arriving.keeping import NOTHING, Keeping, Kept
from payment_core.flags.arriving.writing import Writing
from payment_core.flags.envelope import Envelope, open_envelope, untimely
from payment_core.flags.errors import DocumentNotKept, DocumentUnreadable, EnvelopeRefused, Ignored
from payment_core.flags.serving import Flags, Serving, Source

log = structlog.get_logger()

Compiling = Callable[[bytes, Evaluator | None], Evaluator]
"""Makes what answers from a document, given what answers now. Raises DocumentUnreadable."""


class TakingOver:
    """The only way by which the document of a process changes: never to an older one, whatever arrives in which order.

    keys: by which documents are trusted; without any none is taken over. keeping: None where no disk lasts.
    """

    def __init__(
        self,
        *,
        flags: Flags,
        keys: Mapping[str, Checker],
        keeping: Keeping | None,
        compiling: Compiling,
        clock: Clock,
    ) -> None:
        self._flags = flags
        self._keys = keys
        self._keeping = keeping
        self._compiling = compiling
        self._clock = clock
        self._turn = asyncio.Lock()
        self._writing = None if keeping is None else Writing(keeping, self._unkept)
        self._floor = 0
        self._unusable: tuple[int, bytes] | None = None
        self.changed = asyncio.Event()

    async def start(self, packaged: bytes) -> None:
        """Serve the newest document that is at hand: the one on disk, or else the packaged one, which is version 0.

        When a later version was kept once and is gone, or nobody can say, that would be an older one: then there are
        safe defaults only, until a document comes. Raises DocumentUnreadable for a packaged one that is none.
        """
        kept = await self._read() if self._keys else NOTHING
        if kept is None:
            return
        envelope = None if kept.body == b"" else self._opened(kept.body)
        if envelope is not None and envelope.version >= kept.seen:
            self._floor = envelope.version
            evaluator = await self._compiled(envelope)
            if evaluator is not None:
                self._serve(evaluator, envelope, "disk")
            return
        self._floor = kept.seen
        if kept.seen == 0:
            evaluator = await asyncio.to_thread(self._compiling, packaged, None)
            now_ms = self._clock.now_ms()
            self._flags.serve(Serving(evaluator=evaluator, applied_at_ms=now_ms, source="embedded", document=packaged))
            return
        log.error("the kept flag document is gone", action="flags_lost", seen=kept.seen)

    async def offer(self, bodies: Sequence[bytes], source: Source) -> None:
        """Take over the newest of the envelopes that arrived, in any order, if it is newer than what is served."""
        async with self._turn:
            opened = [envelope for body in bodies if (envelope := self._timely(body)) is not None]
            if opened:
                newest, body = max(opened, key=lambda pair: pair[0].place)
                await self._take_over(newest, body, source)

    async def finish(self) -> None:
        """Wait until what is being written is on disk."""
        if self._writing is not None:
            await self._writing.finish()

    def _timely(self, body: bytes) -> tuple[Envelope, bytes] | None:
        envelope = self._opened(body)
        if envelope is None:
            return None
        serving = self._flags.serving
        older = envelope.place < (serving.version, serving.issued_at_ms) or envelope.version < self._floor
        why = Ignored.OLDER if older else untimely(envelope, self._clock.now_ms())
        if why is not None:
            self._ignore(why, f"Version {envelope.version}.")
            return None
        return envelope, body

    async def _take_over(self, envelope: Envelope, body: bytes, source: Source) -> None:
        serving = self._flags.serving
        if envelope.place == (serving.version, serving.issued_at_ms):
            return
        if envelope.document == serving.document and envelope.version == serving.version:
            self._flags.serve(msgspec.structs.replace(serving, issued_at_ms=envelope.issued_at_ms))
            return
        if self._unusable == (envelope.version, envelope.document):
            return
        evaluator = await self._compiled(envelope)
        if evaluator is None:
            return
        if self._writing is not None:
            # On disk before it is served, so that no restart goes back.
            await self._writing.write(body, envelope.version)
        self._serve(evaluator, envelope, source)

    def _serve(self, evaluator: Evaluator, envelope: Envelope, source: Source) -> None:
        now_ms = self._clock.now_ms()
        self._flags.serve(
            Serving(
                evaluator=evaluator,
                version=envelope.version,
                issued_at_ms=envelope.issued_at_ms,
                applied_at_ms=now_ms,
                source=source,
                document=envelope.document,
            )
        )
        counts = self._flags.counts
        if source != "disk":
            counts.applied += 1
            counts.lag_ms = max(0, now_ms - envelope.issued_at_ms)
        self._floor = envelope.version
        self.changed.set()
        log.info("flags changed", action="flags_applied", version=envelope.version, source=source)

    def _opened(self, body: bytes) -> Envelope | None:
        try:
            return open_envelope(body, self._keys)
        except EnvelopeRefused as refused:
            self._ignore(refused.why, refused.detail)
            return None

    async def _compiled(self, envelope: Envelope) -> Evaluator | None:
        """None for a document that this release cannot read: what is served goes on being served."""
        try:
            return await asyncio.to_thread(self._compiling, envelope.document, self._flags.serving.evaluator)
        except DocumentUnreadable as fault:
            self._unusable = (envelope.version, envelope.document)
            self._ignore(Ignored.NOT_COMPILED, f"Version {envelope.version}: {fault}")
            return None

    def _ignore(self, why: Ignored, detail: str) -> None:
        self._flags.counts.ignored[why.value] += 1
        log.warning("a flag document is ignored", action="flags_ignored", why=why.value, detail=detail)

    async def _read(self) -> Kept | None:
        """None when the disk does not say."""
        try:
            return NOTHING if self._keeping is None else await asyncio.to_thread(self._keeping.read)
        except DocumentNotKept as fault:
            self._unkept(fault)
            return None

    def _unkept(self, fault: BaseException) -> None:
        self._flags.counts.unkept += 1
        log.error("the flag document is not kept", action="flags_not_kept", fault=str(fault))
