"""Records changes of flags, each looked at before it is recorded, and has them published at once."""

import asyncio
import hashlib
from collections.abc import Callable

import structlog

from daemon.flags.checking import looked_at
from daemon.flags.followers import Followers
from payment_core.flags import Evaluator
from remediation.flags.fold import as_if
from remediation.flags.model import FlagChange
from remediation.flags.ports import Propagation
from remediation.flags.state import FlagBook
from remediation.journal.entry import DAEMON
from remediation.journal.flag_kinds import FlagBody, FlagChanged, FlagDocument
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

log = structlog.get_logger()


class FlagChanges:
    """The port ``remediation.flags.ports.Flags``. published: called when there is another version, and does not wait.

    Journal faults are raised, and nothing has changed then. The entry is the change: what is recorded is served.
    """

    def __init__(
        self, writer: JournalWriter, followers: Followers, published: Callable[[], None], clock: Clock
    ) -> None:
        self._writer = writer
        self._followers = followers
        self._published = published
        self._clock = clock
        self._compiled: Evaluator | None = None
        self._looking = asyncio.Lock()

    @property
    def book(self) -> FlagBook:
        """See Flags."""
        return self._writer.state.flags

    async def change(self, change: FlagChanged, actor: str = DAEMON) -> None:
        """See Flags; actor: the name of a person's token, or the daemon.

        A kill is recorded without a look: what it serves was looked at when the document was taken over, and nothing
        that another flag is set to may hold it up.
        """
        if change.what is FlagChange.KILL:
            await self._record(change, actor)
            return
        async with self._looking:
            await self.look(change)
            await self._record(change, actor)

    async def check(self, document: str) -> None:
        """Look at another base document, and take nothing over. Raises WorldRefused when it cannot be served."""
        async with self._looking:
            await self.look(_said(document))

    async def take_over(self, document: str) -> bool:
        """Serve this base document from now on, with all that flags are set to; false when it is served already.

        document: the text of ``flags.json``. Raises WorldRefused when it, or it with a setting, cannot be read.
        """
        said = _said(document)
        async with self._looking:
            if said.digest == self.book.digest:
                return False
            await self.look(said)
            await self._writer.append(said)
        self._published()
        log.info("document of flags taken over", action="flag_document", digest=said.digest)
        return True

    async def look(self, said: FlagBody) -> None:
        """Compile what would be served. Raises WorldRefused with every problem of it, each with its place."""
        self._compiled = await looked_at(as_if(self.book, said), self._compiled)

    async def propagation(self, version: int) -> Propagation:
        """See Flags."""
        return self._followers.propagation(version, self.book.version, self._clock.now_ms())

    async def _record(self, change: FlagChanged, actor: str) -> None:
        if self.book.made_by(change.flag, change.key) is None:
            await self._writer.append(change, actor)
            log.info("flag changed", action="flag_changed", flag=change.flag, what=change.what.value, by=actor)
        self._published()


def _said(document: str) -> FlagDocument:
    return FlagDocument(digest=hashlib.sha256(document.encode()).hexdigest(), document=document)
