"""A cohort first: a named merchant or header goes to the new version before anybody else, or no longer does."""

from remediation.deployment.findings import StepReport
from remediation.deployment.ports import CohortRoute, Cohorts, StepContext
from remediation.deployment.works.looks import passed, waiting
from remediation.ports import Look


class Cohort:
    """Routes the step's cohort to its environment, or everybody by the weights again where the step names none."""

    def __init__(self, cohorts: Cohorts) -> None:
        self._cohorts = cohorts

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        route = await self._cohorts.read(context.step.region)
        return Look(in_effect=route == wanted_route(context), detail=_words(route))

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        wanted = wanted_route(context)
        if await self._cohorts.read(context.step.region) == wanted:
            return passed(_words(wanted))
        if wanted is None:
            await self._cohorts.clear(context.step.region, key)
        else:
            await self._cohorts.route(context.step.region, wanted, key)
        return waiting(f"{_words(wanted)} was asked for")


def wanted_route(context: StepContext) -> CohortRoute | None:
    """Who is routed after the step; None for nobody."""
    arguments = context.step.arguments
    if not arguments["cohort"]:
        return None
    return CohortRoute(cohort=arguments["cohort"], environment=arguments["environment"])


def _words(route: CohortRoute | None) -> str:
    return "everybody goes by the weights" if route is None else f"{route.cohort} goes to {route.environment}"
