"""Tells the pipeline what deployments tell: facts to record and evaluate, findings to decide on."""

from checks.facts import Deployment
from checks.findings import Finding
from daemon.errors import CheckpointFailed
from daemon.pipeline import Pipeline
from remediation.errors import WorldUnreachable

SOURCE = "deployments"


class PipelineHerald:
    """The port Herald over the daemon's pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def tell(self, fact: Deployment) -> None:
        """See Herald."""
        try:
            await self._pipeline.accept([fact], SOURCE)
        except CheckpointFailed as fault:
            raise WorldUnreachable(str(fault)) from fault

    async def find(self, finding: Finding) -> None:
        """See Herald."""
        await self._pipeline.find(finding)
