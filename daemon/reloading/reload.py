"""Takes changed rules and a changed policy over while the daemon runs; what is wrong leaves everything as it was."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import structlog

from checks.compiled_rule import CompiledRule
from checks.rules import compile_rules
from checks.state import StateUnfit
from config.delivery.deployment import Deployments
from config.escalation.escalation_file import Escalation
from config.load import Configuration, load_configuration
from config.loading.loader import Loaded
from config.loading.problems import ConfigurationError
from config.procedures.procedure import Procedure
from config.public.reading import Public
from config.scaling import Scaling
from config.settings import Token
from config.whole.difference import Difference, difference
from daemon.errors import CheckpointFailed
from daemon.pipeline import JOURNAL_PAUSE_SECONDS, Pipeline
from daemon.reloading.configuration_files import ConfigurationFiles
from daemon.reloading.rule_exchange import exchange
from daemon.reloading.withdrawal import Withdrawal
from daemon.storage.checkpoint import Checkpoint
from remediation.deployment.gates.checked import check_gates
from remediation.errors import NotJournaled
from remediation.journal.kinds import ConfigurationRefused, ConfigurationReloaded
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

log = structlog.get_logger()

LOOK_SECONDS = 2.0
"""A file is taken over when two looks find the same content, so that one that is being written is left alone."""
NAMES_MAX = 100
"""Of rules in one journal entry; the log has all of them."""
PROBLEMS_MAX = 20
PROBLEM_CHARACTERS_MAX = 500


@dataclass(slots=True)
class ReloadStatus:
    """success: whether the files can be used as they are. succeeded_at_ms: when what runs was last found to be them."""

    success: bool
    succeeded_at_ms: int


class FollowedFlags(Protocol):
    """What changed flags are handed to."""

    async def check(self, document: str) -> str:
        """Why ``flags.json`` could not be served; empty when it could."""

    async def reload(self, configuration: Configuration) -> None:
        """Serve it from now on. Journal faults are raised, and it is tried again."""


class Reload:
    """Looks at the files, and reloads when they have changed or when it is asked to. Everything else needs a restart.

    directory: None for the packaged configuration, which does not change. asked: set by whoever wants a reload now.
    changed: called when something to show has changed.
    deploy_by: called with what deployments are planned by from now on, tell_by: with whom is told of incidents,
    size_by: with how much capacity there is to be, walk_by: with the procedures that people begin, publish_by: with
    what the outside is told, admit_by: with the tokens that are good.
    """

    def __init__(
        self,
        directory: Path | None,
        configuration: Configuration,
        pipeline: Pipeline,
        checkpoint: Checkpoint,
        writer: JournalWriter,
        clock: Clock,
        *,
        asked: asyncio.Event,
        changed: Callable[[], None],
        deploy_by: Callable[[Deployments], None] = lambda _: None,
        tell_by: Callable[[Escalation], None] = lambda _: None,
        size_by: Callable[[Scaling], None] = lambda _: None,
        walk_by: Callable[[Sequence[Loaded[Procedure]]], None] = lambda _: None,
        publish_by: Callable[[Public], None] = lambda _: None,
        admit_by: Callable[[Sequence[Token]], None] = lambda _: None,
        flags: FollowedFlags | None = None,
    ) -> None:
        self._size_by = size_by
        self._walk_by = walk_by
        self._publish_by = publish_by
        self._admit_by = admit_by
        self._deploy_by = deploy_by
        self._tell_by = tell_by
        self._flags = flags
        self._directory = directory
        self._files = None if directory is None else ConfigurationFiles(directory)
        self._running = configuration
        self._pipeline = pipeline
        self._checkpoint = checkpoint
        self._writer = writer
        self._withdrawal = Withdrawal(pipeline, writer)
        self._clock = clock
        self._changed = changed
        self._asked = asked
        # Before the first look nobody knows what the files held when the daemon started, so it reads them once more.
        self._taken = ""
        self._seen = ""
        self.status = ReloadStatus(success=True, succeeded_at_ms=clock.now_ms())

    @property
    def running(self) -> Configuration:
        """What is in effect at this moment."""
        return self._running

    async def run(self) -> None:
        """Look and reload until cancelled; raises only when this process has lost the right to write the journal."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._asked.wait()
            except TimeoutError:
                await self.look()
            else:
                self._asked.clear()
                await self.reload("SIGHUP")

    async def look(self) -> None:
        """Reload if the files are other ones than those that were taken, and the same as at the last look."""
        if self._files is None:
            return
        seen = await asyncio.to_thread(self._files.digest)
        if seen not in {self._taken, ""} and seen == self._seen:
            self._taken = seen
            await self.reload("files changed")
        self._seen = seen

    async def reload(self, cause: str) -> None:
        """Load everything anew, and take over what can be; cause: why, for the journal."""
        try:
            configuration, rules = await asyncio.to_thread(self._load)
        except ConfigurationError as error:
            await self._refuse(cause, [str(problem) for problem in error.problems])
            return
        problem = "" if self._flags is None else await self._flags.check(configuration.flag_document)
        if problem:
            await self._refuse(cause, [f"flags.json: {problem}"])
            return
        found = difference(self._running, configuration)
        if not found.reloads:
            self._succeeded(configuration, found)
            return
        policy = configuration.policy.model_copy(update={"traffic": self._running.policy.traffic})
        try:
            fresh = await exchange(self._pipeline, self._checkpoint, rules, policy, self._clock.now_ms())
        except (StateUnfit, CheckpointFailed) as fault:
            await self._refuse(cause, [f"the windows cannot be taken over: {fault}"])
            return
        # As the files say it, but for what only a restart brings into effect.
        kept = {"gates": self._running.deployment.gates, "evidence": self._running.deployment.evidence}
        deployment = configuration.deployment.model_copy(update=kept)
        self._running = replace(
            self._running,
            rule_files=configuration.rule_files,
            policy=policy,
            deployment=deployment,
            escalation=configuration.escalation,
            flags=configuration.flags,
            scaling=configuration.scaling if found.scaling else self._running.scaling,
            flag_document=configuration.flag_document,
            procedures=configuration.procedures,
            public=_kept_open(configuration.public, self._running.public),
            settings=self._running.settings.model_copy(update={"tokens": configuration.settings.tokens}),
        )
        self._deploy_by(deployment)
        self._tell_by(configuration.escalation)
        self._walk_by(configuration.procedures)
        self._publish_by(self._running.public)
        self._admit_by(configuration.settings.tokens)
        if found.scaling:
            self._size_by(configuration.scaling)
        if self._flags is not None:
            flags = self._flags
            await self._journal(lambda: flags.reload(configuration))
        self._succeeded(configuration, found)
        withdrawn = self._withdrawal.forget()
        entry = _entry(cause, configuration, found, fresh, withdrawn)
        await self._journal(lambda: self._writer.append(entry))
        await self._journal(self._withdrawal.resolve)
        self._changed()

    def _load(self) -> tuple[Configuration, tuple[CompiledRule, ...]]:
        configuration = load_configuration(self._directory)
        check_gates(configuration.deployment.gates)
        return configuration, compile_rules(configuration.rule_files)

    def _succeeded(self, configuration: Configuration, found: Difference) -> None:
        self.status = ReloadStatus(success=True, succeeded_at_ms=self._clock.now_ms())
        log.info(
            "configuration reloaded" if found.reloads else "configuration unchanged",
            action="configuration_reloaded",
            digest=configuration.digest,
            added=found.added,
            removed=found.removed,
            changed=list(found.changed),
            policy=_changes(found),
        )
        if found.restart:
            log.warning(
                "change needs a restart",
                action="restart_needed",
                changes=[str(change) for change in found.restart],
            )

    async def _refuse(self, cause: str, problems: Sequence[str]) -> None:
        self.status = replace(self.status, success=False)
        for problem in problems:
            log.error("configuration refused, the old one stays", action="configuration_refused", problem=problem)
        told = tuple(problem[:PROBLEM_CHARACTERS_MAX] for problem in problems[:PROBLEMS_MAX])
        entry = ConfigurationRefused(cause=cause, problems=told, problem_count=len(problems))
        await self._journal(lambda: self._writer.append(entry))

    async def _journal(self, write: Callable[[], Awaitable[object]]) -> None:
        """Write until the disk takes it."""
        while True:
            try:
                await write()
            except NotJournaled as fault:
                log.error("reload not recorded", action="journal_fault", fault=str(fault))
                await self._clock.sleep(JOURNAL_PAUSE_SECONDS)
            else:
                return


def _entry(
    cause: str, configuration: Configuration, found: Difference, fresh: Sequence[str], withdrawn: Sequence[str]
) -> ConfigurationReloaded:
    return ConfigurationReloaded(
        cause=cause,
        configuration_hash=configuration.digest,
        added=_named(found.added),
        removed=_named(found.removed),
        changed=_named(tuple(found.changed)),
        fresh=_named(fresh),
        policy=_named(_changes(found)),
        restart=_named([change.path for change in found.restart]),
        withdrawn=_named(withdrawn),
        observe_only=configuration.policy.guard.observe_only,
    )


def _changes(found: Difference) -> list[str]:
    """With their values, but for who is told of incidents: addresses of people stand in no journal and no log.

    Of procedures the places alone: their texts are in their files.
    """
    return [
        *(str(change) for change in (*found.policy, *found.deployment, *found.flags, *found.scaling)),
        *(change.path for change in (*found.escalation, *found.procedures, *found.public, *found.tokens)),
    ]


def _kept_open(wanted: Public, running: Public) -> Public:
    """As the files say it, but for where the page is written."""
    kept = {name: getattr(running.page, name) for name in ("enabled", "directory", "bucket", "publish_within")}
    return replace(wanted, page=wanted.page.model_copy(update=kept))


def _named(names: Sequence[str]) -> tuple[str, ...]:
    if len(names) <= NAMES_MAX:
        return tuple(names)
    return (*names[:NAMES_MAX], f"and {len(names) - NAMES_MAX} more")
