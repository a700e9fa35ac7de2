"""What people did in procedures reads as a sentence, and its colour says whether it went well."""

import pytest
from msgspec.structs import replace

from daemon.http.words.procedure_sentences import procedure_parts
from remediation.journal.procedure_kinds import ContinuityMeasured, ProcedureBody
from remediation.procedures.model import RunOutcome, StepState
from tests.unit.remediation.procedures.test_fold import ANSWERED, AT_MS, BEGUN, LOOKED, OVER, RUN, SEEN

DRILL = ContinuityMeasured(
    drill_id="one", scenario="region-loss", recovery_ms=13_000, objective_ms=300_000, lost_events=0, lost_payments=1,
    balanced=True, met=False, sha256="0" * 64, place="reports/x.json", said_at_ms=AT_MS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("body", "tone", "text", "detail"),
    [
        (BEGUN, "act", f"latency was begun for inc-7 ({RUN}).", "2 steps"),
        (replace(BEGUN, late=True, incident_id=""), "act", f"latency was begun ({RUN}).", "while no daemon answered"),
        (LOOKED, "act", f"About to do look of {RUN}.", "tillwatch health"),
        (ANSWERED, "plain", f"kill of {RUN} was answered: yes.", ""),
        (SEEN, "good", f"look of {RUN} passed.", "exit 0"),
        (replace(SEEN, state=StepState.FAILED), "bad", f"look of {RUN} failed.", "exit 0"),
        (replace(SEEN, state=StepState.UNDONE), "good", f"look of {RUN} was taken back.", "exit 0"),
        (OVER, "good", f"{RUN} is done.", ""),
        (replace(OVER, outcome=RunOutcome.ABANDONED, detail="a trial"), "bad", f"{RUN} was given up.", "a trial"),
        (
            DRILL,
            "bad",
            "Drill region-loss: payments went as before after 13 s, within 5 min promised.",
            "1 payment and 0",
        ),
        (replace(DRILL, met=True, recovery_ms=None), "good", "payments went as before never", "reports/x.json"),
    ],
)
def test_an_entry_reads_as_a_sentence(body: ProcedureBody, tone: str, text: str, detail: str) -> None:
    said = procedure_parts(body)
    assert said[0] == tone
    assert text in said[2]
    assert detail in said[3]
    assert said[1] == ("continuity" if isinstance(body, ContinuityMeasured) else "procedure")
