"""Kills what a release switched: its own flag, or in an emergency those that ``flags.yaml`` names instead."""

from config.flags import RELEASE_FLAG
from daemon.flags.changes import FlagChanges
from daemon.flags.policies import FlagPolicies
from remediation.flags.document import flags_of
from remediation.flags.model import FlagChange
from remediation.journal.flag_kinds import FlagChanged
from remediation.rollback.model import RollbackKind, RollbackRun, StepResult, StepStatus


class ReleaseFlags:
    """Over the flags of a daemon. A kill asks nobody: it only takes harm away."""

    def __init__(self, changes: FlagChanges, policies: FlagPolicies) -> None:
        self._changes = changes
        self._policies = policies

    async def kill(self, run: RollbackRun, version: str) -> StepResult:
        """Kill them in the name of who asked. version: of the release, empty when none is known.

        An emergency waits for nobody to report it: payments and traffic wait for the next step.
        """
        names = self._names(run.kind, version)
        if not names:
            return StepResult(status=StepStatus.NOTHING, detail=self._none(run.kind, version))
        for name in names:
            if self._changes.book.of(name).killed is None:
                key = f"{run.id}-{name}"
                change = FlagChanged(flag=name, what=FlagChange.KILL, reason=f"{run.id}: {run.reason}", key=key)
                await self._changes.change(change, run.asked_by)
        propagation = await self._changes.propagation(self._changes.book.version)
        waits = run.kind is not RollbackKind.EMERGENCY and bool(propagation.lagging or propagation.silent)
        detail = f"{', '.join(names)} killed; {propagation.words}"
        return StepResult(status=StepStatus.WAITING if waits else StepStatus.DONE, detail=detail)

    def _names(self, kind: RollbackKind, version: str) -> list[str]:
        known = flags_of(self._changes.book)
        own = f"{RELEASE_FLAG}{version}"
        if version and own in known:
            return [own]
        emergency = self._policies.emergency if kind is RollbackKind.EMERGENCY else ()
        return [name for name in emergency if name in known]

    def _none(self, kind: RollbackKind, version: str) -> str:
        own = f"the document has no flag {RELEASE_FLAG}{version}" if version else "no release is known"
        others = ", and flags.yaml names none for an emergency" if kind is RollbackKind.EMERGENCY else ""
        return f"{own}, so the release switched none{others}"
