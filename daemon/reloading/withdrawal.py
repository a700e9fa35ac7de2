"""Ends what rules have said that are no longer there: nobody would ever say that it is over."""

from checks.findings import Finding
from daemon.pipeline import Pipeline
from remediation.journal.incident_kinds import IncidentResolved
from remediation.journal.writer import JournalWriter

NOTE = "its rule was removed, watches other keys now, or changed between enforce and shadow"


class Withdrawal:
    """Applies the rules that are evaluated now to what was said before."""

    def __init__(self, pipeline: Pipeline, writer: JournalWriter) -> None:
        self._pipeline = pipeline
        self._writer = writer

    def forget(self) -> list[str]:
        """Forget what was told and is watched no more, so that it is news when it is seen again; its fingerprints."""
        return [finding.fingerprint for finding in self._pipeline.news.withdraw(self._pipeline.is_watched)]

    async def resolve(self) -> None:
        """Close the incidents that nothing watches any more; may be called again after a fault of the journal."""
        for incident in list(self._writer.state.incidents.values()):
            if not incident.awaits_evidence or not incident.findings:
                continue
            finding: Finding = incident.findings[-1]
            if not self._pipeline.is_watched(finding):
                await self._writer.append(IncidentResolved(incident_id=incident.id, note=NOTE))
