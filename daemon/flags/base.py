"""Takes ``flags.json`` over: at the start and whenever it changes; one that cannot be used leaves the old one."""

import structlog

from config.load import Configuration
from daemon.errors import NotUsable
from daemon.flags.changes import FlagChanges
from daemon.flags.health import FlagHealth
from daemon.flags.policies import FlagPolicies
from remediation.errors import WorldRefused

log = structlog.get_logger()


class BaseDocument:
    """The document on disk and the one in the journal; health says when they differ because the first is unusable."""

    def __init__(self, changes: FlagChanges, policies: FlagPolicies, health: FlagHealth) -> None:
        self._changes = changes
        self._policies = policies
        self._health = health

    async def begin(self, document: str) -> None:
        """Take the document over at the start. Raises NotUsable when it cannot be used and there is no older one."""
        problem = await self.follow(document)
        if problem and not self._changes.book.document:
            raise NotUsable(f"flags.json: {problem}")

    async def follow(self, document: str) -> str:
        """Take a document over; why not, empty when it is served now. Journal faults are raised."""
        problem = ""
        try:
            await self._changes.take_over(document)
        except WorldRefused as fault:
            problem = fault.detail
            log.error("document of flags refused, the old one stays", action="flag_document_refused", problem=problem)
        self._health.refused = problem
        return problem

    async def check(self, document: str) -> str:
        """Why a document could not be served; empty when it could. Nothing is taken over."""
        try:
            await self._changes.check(document)
        except WorldRefused as fault:
            self._health.refused = fault.detail
            return fault.detail
        self._health.refused = ""
        return ""

    async def reload(self, configuration: Configuration) -> None:
        """Go by another ``flags.yaml`` and serve another ``flags.json`` from now on. Journal faults are raised."""
        self._policies.follow(configuration.flags)
        await self.follow(configuration.flag_document)
