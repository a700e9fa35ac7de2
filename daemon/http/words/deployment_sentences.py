"""Says what a deployment's entries mean: its plan, its steps, what people asked of it, its end."""

from typing import Literal, assert_never

from daemon.http.words.wording import count, words
from remediation.deployment.findings import StepFinding
from remediation.deployment.run import RunOutcome
from remediation.journal.kinds import (
    DeploymentAsked,
    DeploymentEnded,
    DeploymentPlanned,
    RunBody,
    StepBegun,
    StepEnded,
)

Tone = Literal["bad", "good", "act", "unknown", "plain"]
Parts = tuple[Tone, str, str, str]
_TONES: dict[StepFinding, Tone] = {
    StepFinding.PASSED: "good",
    StepFinding.FAILED: "bad",
    StepFinding.BREACHED: "bad",
}


def deployment_parts(body: RunBody) -> Parts:
    """Tone, label, text and detail of a sentence."""
    match body:
        case DeploymentPlanned():
            request = body.plan.request
            text = f"{request.deployment_id} will bring out {request.version}, {request.strategy}."
            skipped = f"; skipped: {', '.join(body.skipped)}" if body.skipped else ""
            return (
                "act",
                "deployment",
                text,
                f"{count(len(body.plan.steps))} steps, for {request.requested_by}{skipped}",
            )
        case StepBegun():
            return "act", "step", f"About to do {_short(body.step_id)}.", body.target
        case StepEnded():
            text = f"{_short(body.step_id)} {words(body.finding.value)}."
            return _TONES.get(body.finding, "unknown"), "step", text, body.detail
        case DeploymentAsked():
            skipped = f"; skipped: {', '.join(body.skipped)}" if body.skipped else ""
            text = f"{body.deployment_id}: somebody asked to {body.what} it."
            return "plain", "deployment", text, f"{body.reason}{skipped}"
        case DeploymentEnded():
            tone: Tone = "good" if body.outcome is RunOutcome.SUCCEEDED else "bad"
            return tone, "deployment", f"{body.deployment_id} {words(body.outcome.value)}.", body.detail
        case _:
            assert_never(body)


def _short(step_id: str) -> str:
    """Region and step, without the phase that the region's line says anyway."""
    region, _, rest = step_id.partition("/")
    return f"{rest.rpartition('/')[2]} in {region}"
