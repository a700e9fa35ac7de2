"""The flag that a release brings along: off before anybody gets the release, and for people to ramp afterwards."""

from config.flags import RELEASE_FLAG
from remediation.deployment.findings import StepReport
from remediation.deployment.ports import StepContext
from remediation.deployment.works.looks import passed, waiting
from remediation.flags.checked import safe_default_of
from remediation.flags.document import flags_of
from remediation.flags.model import FlagChange, Setting
from remediation.flags.ports import Flags
from remediation.flags.words import setting_words
from remediation.journal.flag_kinds import FlagChanged
from remediation.ports import Look


class ReleaseFlag:
    """Sets ``release-VERSION`` to its safe default for everybody; what a release does not bring is not prepared.

    A flag that is killed stays so. What people set before the deployment began is replaced, because it was for another
    one; what they set since stays, also when a later region is prepared.
    """

    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        name, wanted = self._wanted(context)
        if wanted is None:
            return Look(in_effect=True, detail=f"the document has no flag {name}, so none is prepared")
        state = self._flags.book.of(name)
        if state.killed is not None:
            return Look(in_effect=True, detail=f"{name} is killed, until a person revives it")
        if state.setting != wanted:
            now = f"{name} serves {setting_words(state.setting)}"
            prepared = self._flags.book.made_by(name, _key(context)) is not None
            return Look(in_effect=prepared, detail=f"{now}, changed since it was prepared" if prepared else now)
        propagation = await self._flags.propagation(state.history[-1].version)
        served = f"{name} serves {setting_words(wanted)}; {propagation.words}"
        # Processes that say nothing do not hold a release up that is off in the journal: it is what they start with.
        return Look(in_effect=not propagation.lagging, detail=served)

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        del key  # The regions of a deployment share one flag.
        look = await self.probe(context)
        if look.in_effect:
            return passed(look.detail)
        name, wanted = self._wanted(context)
        if self._flags.book.of(name).setting != wanted:
            reason = f"{context.plan.request.deployment_id} brings {context.plan.request.version} out"
            change = FlagChanged(flag=name, what=FlagChange.SET, reason=reason, key=_key(context), setting=wanted)
            await self._flags.change(change)
        return waiting(f"{name} is being set to {setting_words(wanted)}")

    def _wanted(self, context: StepContext) -> tuple[str, Setting | None]:
        """The release's flag, and what it is to serve; None where there is no such flag."""
        name = f"{RELEASE_FLAG}{context.plan.request.version}"
        document = flags_of(self._flags.book).get(name)
        return name, None if document is None else Setting(variant=safe_default_of(document))


def _key(context: StepContext) -> str:
    return f"{context.plan.request.deployment_id}-flag"
