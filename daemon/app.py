"""The daemon: puts the parts together, starts them in order, and stops them in the opposite order."""

import asyncio
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path

import structlog
from starlette.applications import Starlette

from checks.engine import Engine
from checks.rules import CompiledRule, compile_rules
from config.load import Configuration
from config.settings import Token
from daemon.clock import SystemClock
from daemon.duties import Duties
from daemon.http.app import create_app
from daemon.http.options import HttpOptions, RulesStatus
from daemon.leadership import Leadership
from daemon.parts import Parts, open_parts
from daemon.reloading.reload import Reload
from daemon.reloading.withdrawal import Withdrawal
from daemon.server import bind, serve
from daemon.storage.data_directory import hold_data_directory
from daemon.supervisor import Supervisor, Task
from daemon.view.changes import Changes
from daemon.view.system import DaemonView
from remediation.deployment.gates.checked import check_gates
from remediation.errors import RemediationError
from remediation.journal.kinds import DaemonStarted, DaemonStopped

log = structlog.get_logger()


class App:
    """One daemon over one configuration. Raises ConfigurationError when a rule or a gate cannot be compiled.

    directory: what the configuration was read from, and is again when it changes; None: it is the packaged one.
    """

    def __init__(
        self, configuration: Configuration, clock: SystemClock | None = None, *, directory: Path | None = None
    ) -> None:
        self._configuration = configuration
        self._directory = directory
        self._hangup = asyncio.Event()
        self._clock = SystemClock() if clock is None else clock
        self._rules: tuple[CompiledRule, ...] = compile_rules(configuration.rule_files)
        check_gates(configuration.deployment.gates)
        self._holder = str(configuration.settings.data_dir.resolve())
        self._changes = Changes()
        self._phase = "starting"
        self._duties: Duties | None = None
        self._tokens = list(configuration.settings.tokens)

    def stop_on_signals(self, stop: asyncio.Event) -> None:
        """Let SIGTERM and SIGINT ask for the ordered stop, and SIGHUP for a reload once the daemon runs."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hangup.set)

    async def run(self, stop: asyncio.Event, on_ready: Callable[[str], None]) -> None:
        """Run until stop is set, then stop in order.

        on_ready: called once with the address, when everything consumes. Raises DaemonError, RemediationError or
        OSError when the daemon cannot start or a part of it dies.
        """
        settings = self._configuration.settings
        async with AsyncExitStack() as stack:
            stack.callback(hold_data_directory(settings.data_dir))
            listening = stack.enter_context(bind(settings.http.host, settings.http.port))
            parts = await open_parts(
                stack,
                self._configuration,
                Engine(self._rules),
                self._clock,
                holder=self._holder,
                changed=self._changes.mark,
            )
            await self._start_journal(parts)
            supervisor = Supervisor()
            stack.push_async_exit(lambda _kind, cause, _trace: self._stop(supervisor, parts, cause))
            leadership = Leadership(parts.journal, parts.writer, self._clock)
            reload = self._reload(parts)
            http = self._http(parts, leadership, reload)
            self._start_tasks(supervisor, parts, leadership, listening, http, reload)
            self._phase = ""
            self._changes.mark()
            on_ready("http://{}:{}".format(*listening.getsockname()[:2]))
            await supervisor.wait(stop)

    async def _start_journal(self, parts: Parts) -> None:
        """Say that a daemon is here, then bring what a former one left open to its end."""
        await parts.keeping.resume(self._rules)
        await parts.writer.append(
            DaemonStarted(
                version=version("tillwatch"),
                holder=parts.writer.lease.holder,
                configuration_hash=self._configuration.digest,
                observe_only=self._configuration.policy.guard.observe_only,
            )
        )
        await parts.flags.base.begin(self._configuration.flag_document)
        withdrawal = Withdrawal(parts.pipeline, parts.writer)
        withdrawal.forget()
        await withdrawal.resolve()
        for outcome in await parts.executor.recover():
            log.warning("interrupted action ended", action="recovered", kind=outcome.action, status=outcome.status)

    def _start_tasks(
        self,
        supervisor: Supervisor,
        parts: Parts,
        leadership: Leadership,
        listening: socket.socket,
        http: Starlette,
        reload: Reload,
    ) -> None:
        """Those that decide first, those that bring facts last; stopping goes the other way."""
        duties = self._duties = Duties(parts, leadership, self._clock)
        supervisor.start(Task("decide", parts.pipeline.decide_for_ever))
        for task in duties.tasks():
            supervisor.start(task)
        supervisor.start(Task("reload", reload.run))
        supervisor.start(Task("publish-flags", parts.flags.publisher.run))
        supervisor.start(Task("http", lambda: serve(http, listening)))
        for task in parts.senses.tasks():
            supervisor.start(task)
        supervisor.start(Task("core-books", parts.books.run))
        if parts.channels is not None:
            supervisor.start(Task("channels", parts.channels.run))
        supervisor.start(Task("letters", parts.public.sender.run))
        if parts.public.page is not None:
            supervisor.start(Task("status-page", parts.public.page.run))
        if parts.archive is not None:
            supervisor.start(Task("archive", parts.archive.run))
        if parts.traces is not None:
            supervisor.start(Task("traces", parts.traces.run))
        for source in parts.sources:
            supervisor.start(Task(source.name, source.run))
        duties.start()

    def _http(self, parts: Parts, leadership: Leadership, reload: Reload) -> Starlette:
        settings = self._configuration.settings
        view = DaemonView(
            clock=self._clock,
            engine=lambda: parts.pipeline.engine,
            writer=parts.writer,
            reader=parts.journal,
            checkpoint=parts.checkpoint,
            payments=parts.payments,
            watch=parts.watch,
            polled=parts.sources,
            accepted_at_ms=parts.pipeline.accepted_at_ms,
            quarantine=parts.quarantine,
            changes=self._changes,
            observing=lambda: parts.pipeline.policy.guard.observe_only,
            started_at_ms=self._clock.now_ms(),
            not_ready=lambda: self._not_ready(parts, leadership),
        )
        options = HttpOptions(
            tokens=self._tokens,
            current_rules=lambda: [compiled.rule for compiled in parts.pipeline.engine.rules],
            version=version("tillwatch"),
            console=settings.console,
            trust=parts.trust,
            current_severities=lambda: parts.pipeline.policy.severities,
            clock=self._clock,
            loop_lag_seconds=lambda: parts.loop_lag.seconds,
            ledger=lambda: parts.probes.ledger.status,
            probed=lambda: parts.senses.latest,
            outlet=lambda: parts.senses.outlet,
            automation=parts.automation,
            deployments=parts.deployments.desk,
            rollbacks=parts.rollbacks,
            incidents=parts.incidents,
            flags=parts.flags,
            channels=parts.channels,
            public=parts.public,
            books=parts.books,
            duties=lambda: () if self._duties is None else self._duties.standings(),
            prices=self._configuration.prices,
            fraud=self._configuration.fraud.value,
            scaling=parts.scaling.desk,
            costs=parts.reporting.view,
            rules_status=lambda: _rules_status(parts, reload),
            archive=lambda: None if parts.archive is None else parts.archive.status(),
            traces=lambda: None if parts.traces is None else (parts.traces.sent, parts.traces.dropped),
        )
        return create_app(view, parts.sink, parts.quarantine, options)

    def _reload(self, parts: Parts) -> Reload:
        return Reload(
            self._directory,
            self._configuration,
            parts.pipeline,
            parts.checkpoint,
            parts.writer,
            self._clock,
            asked=self._hangup,
            changed=self._changes.mark,
            deploy_by=parts.deployments.current.follow,
            tell_by=parts.incidents.follow,
            size_by=parts.scaling.follow,
            walk_by=parts.incidents.procedures.follow,
            publish_by=parts.public.follow,
            flags=parts.flags.base,
            admit_by=self._admit,
        )

    def _admit(self, tokens: Sequence[Token]) -> None:
        """Let in whoever holds one of these, and nobody else; sessions of those that are gone end with them."""
        self._tokens[:] = tokens

    def _not_ready(self, parts: Parts, leadership: Leadership) -> str:
        if self._phase:
            return self._phase
        if self._clock.now_ms() >= parts.writer.lease.until_ms:
            return f"the lease ran out: {leadership.fault}" if leadership.fault else "the lease ran out"
        return leadership.fault if leadership.fault else parts.pipeline.fault

    async def _stop(self, supervisor: Supervisor, parts: Parts, cause: BaseException | None) -> None:
        """Stop the tasks and say why; cause: the death that made the daemon stop, None when it was asked to."""
        self._phase = "stopping"
        self._changes.mark()
        if self._duties is not None:
            # Stopping takes seconds, in which no step of a deployment and no report should begin.
            self._duties.stop()
        stuck = await supervisor.stop()
        await parts.keeping.keep_last()
        reasons = ["asked to stop" if cause is None else str(cause)]
        if stuck:
            reasons.append(f"stuck: {', '.join(stuck)}")
        try:
            await parts.writer.append(DaemonStopped(reason="; ".join(reasons)))
            await parts.journal.release_lease(parts.writer.lease)
        except RemediationError as fault:
            if cause is None:
                raise
            # The death is what the operator has to hear of; this is most likely another effect of its cause.
            log.error("stop not recorded", action="stop_not_recorded", fault=str(fault))


def _rules_status(parts: Parts, reload: Reload) -> RulesStatus:
    counts, state = parts.pipeline.engine_counts, parts.keeping.status
    return RulesStatus(
        late=counts.late,
        skewed=counts.skewed,
        evicted=counts.evicted,
        reload_success=reload.status.success,
        reload_succeeded_at_ms=reload.status.succeeded_at_ms,
        state_kept_at_ms=state.kept_at_ms,
        state_bytes=state.size_bytes,
        state_failures=state.failures,
        state_unusable=state.unusable,
    )
