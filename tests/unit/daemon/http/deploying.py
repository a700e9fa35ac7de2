"""A deployment as the desk shows it: running, at a step, with gates; what each test of its panel changes."""

from typing import cast

from msgspec.structs import replace

from config.delivery.deployment import Deployments
from daemon.deployments.service import DeploymentDesk, RunView
from daemon.http.options import HttpOptions
from remediation.deployment.findings import GateReading, GateState, StepFinding, StepReport
from remediation.deployment.plan import Request, Standing, Strategy
from remediation.deployment.planning import plan
from remediation.deployment.run import DeploymentRun, EndedStep
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.story import options

ID = "dep-2.0.0-7"


def gate(name: str, state: GateState = GateState.PASSED, *, shadow: bool = False) -> GateReading:
    return GateReading(gate=name, state=state, shown="5 %", limit="> 2%", samples=19, samples_needed=51, shadow=shadow)


def running_at(name: str, *readings: GateReading, **changes: object) -> RunView:
    """The run at the step of this name; every step before it has passed. changes: of the run."""
    request = Request(
        deployment_id=ID,
        version="2.0.0",
        strategy=Strategy.BLUE_GREEN,
        regions=("us-east-1",),
        requested_by="ann",
        reason="new receipts",
    )
    standing = Standing(region="us-east-1", environment="blue", version="1.0.0", spare="green", traffic="dns:p")
    made = plan(request, [standing], Deployments())
    index = next(place for place, step in enumerate(made.steps) if step.id.endswith(f"/{name}"))
    run = DeploymentRun(
        id=ID,
        sequence=7,
        plan=made,
        planned_at_ms=NOW_MS - 60_000,
        index=index,
        began_at_ms=NOW_MS - 12_000,
        ended=tuple(
            EndedStep(step_id=step.id, finding=StepFinding.PASSED, detail="so", begun_at_ms=1, ended_at_ms=2)
            for step in made.steps[:index]
        ),
    )
    report = StepReport(finding=StepFinding.WAITING, detail="undecided: evidence", readings=readings)
    return RunView(run=replace(run, **changes), waits_for=report, spent_seconds=12.0, deployment=None)


class Desk:
    """Knows these deployments, the newest first."""

    def __init__(self, *views: RunView) -> None:
        self.views = list(views)

    def list(self) -> list[RunView]:
        """See DeploymentDesk."""
        return self.views


def options_with(view: FakeView, *views: RunView) -> HttpOptions:
    """The story's options, and a desk beside them."""
    told = options(view)
    desk = cast("DeploymentDesk", Desk(*views))
    given = {name: getattr(told, name) for name in told.__dataclass_fields__} | {"deployments": desk}
    return HttpOptions(**given)
