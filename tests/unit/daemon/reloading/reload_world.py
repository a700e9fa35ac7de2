"""A pipeline over the rules of a directory, and the reload that watches it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from config.delivery.deployment import Deployments
from config.escalation.escalation_file import Escalation
from config.load import Configuration, load_configuration
from config.scaling import Scaling
from daemon.reloading.reload import Reload
from remediation.state import IncidentState
from tests.unit.daemon.pipeline_world import Line, line
from tests.unit.remediation.worlds import scene

FAILURES = """
  - id: failures
    family: sla
    on: payment.attempted
    per: [environment]
    measure: {ratio: "outcome == 'failed'", window: 60s, min_samples: 10}
    breach: "> 20%"
    clear: "< 10%"
    severity: high
    runbook: r
"""
ATTEMPTS = """
  - id: attempts
    family: sla
    on: payment.attempted
    per: [environment]
    measure: {count: "true", window: 60s}
    breach: "> 100000"
    severity: low
    runbook: r
"""


OURS = """name: ours
title: Ours
family: incident
purpose: As we do it.
owner: on-call
within: 5m
steps:
  - {id: look, title: Look, command: [tillwatch, incidents, list]}
"""


@dataclass
class Watched:
    """A pipeline and the reload that watches a directory for it."""

    one: Line
    reload: Reload
    directory: Path
    asked: asyncio.Event
    taken: asyncio.Event
    deployed: list[Deployments]
    following: "Following"
    escalated: list[Escalation]
    sized: list[Scaling]
    walked: list[list[str]]
    admitted: list[list[str]]

    def write(self, *rules: str, file: str = "mine.yaml") -> None:
        """Write a rule file."""
        (self.directory / "rules" / file).write_text("rules:" + "".join(rules), encoding="utf-8")

    async def look_until_taken(self) -> None:
        """Twice: what is being written is left alone."""
        await self.reload.look()
        await self.reload.look()

    def usable(self) -> bool:
        """Whether the files can be used as they are."""
        return self.reload.status.success

    def counted(self, rule_id: str, environment: str = "green") -> int:
        """The samples of a rule."""
        readings = self.one.pipeline.engine.current()
        return sum(one.samples for one in readings if one.rule_id == rule_id and one.key["environment"] == environment)

    def incidents(self) -> list[IncidentState]:
        """The states of all incidents."""
        return [one.state for one in self.one.scene.writer.state.incidents.values()]


class Following:
    """The port FollowedFlags. problem: why no document can be served."""

    def __init__(self) -> None:
        self.problem = ""
        self.served: list[str] = []

    async def check(self, document: str) -> str:
        """See FollowedFlags."""
        assert document
        return self.problem

    async def reload(self, configuration: Configuration) -> None:
        """See FollowedFlags."""
        self.served.append(configuration.flag_document)


@asynccontextmanager
async def watching(tmp_path: Path, *rules: str) -> AsyncIterator[Watched]:
    """A pipeline over the rules of a directory."""
    directory = tmp_path / "config"
    (directory / "rules").mkdir(parents=True)
    (directory / "rules" / "mine.yaml").write_text("rules:" + "".join(rules), encoding="utf-8")
    configuration = load_configuration(directory, {})
    asked, taken = asyncio.Event(), asyncio.Event()
    deployed: list[Deployments] = []
    escalated: list[Escalation] = []
    sized: list[Scaling] = []
    walked: list[list[str]] = []
    admitted: list[list[str]] = []
    following = Following()
    async with line(tmp_path, await scene(), "rules:" + "".join(rules)) as one:
        reload = Reload(
            directory,
            configuration,
            one.pipeline,
            one.checkpoint,
            one.scene.writer,
            one.scene.clock,
            asked=asked,
            changed=taken.set,
            deploy_by=deployed.append,
            tell_by=escalated.append,
            size_by=sized.append,
            walk_by=lambda found: walked.append([one.value.name for one in found]),
            admit_by=lambda found: admitted.append([one.name for one in found]),
            flags=following,
        )
        told = (deployed, following, escalated, sized, walked, admitted)
        watched = Watched(one, reload, directory, asked, taken, *told)
        await watched.look_until_taken()
        assert await one.kinds() == []
        yield watched
