"""What came after a rollback is said with its numbers."""

import pytest

from daemon.http.words.aftermath_sentences import aftermath_parts
from remediation.compensation.model import Fix
from remediation.compensation.proposing import propose
from remediation.journal.aftermath_kinds import (
    AftermathBody,
    CompensationBegun,
    CompensationEnded,
    CompensationListed,
    RollbackMeasured,
)
from tests.unit.remediation.compensation.books import attempt, record

MEASURED = RollbackMeasured(
    deployment_id="dep-1",
    decision_id="d-1",
    onset_at_ms=1_000,
    evidence_at_ms=1_900,
    decided_at_ms=1_910,
    commanded_at_ms=1_950,
    verified_at_ms=2_000,
    last_payment_at_ms=2_500,
    exposed_payments=1_204,
    exposed_cents=1_505_000,
    failed_payments=2,
    failed_cents=3_500,
)
LISTED = CompensationListed(
    deployment_id="dep-1", digest="d", payments=propose([attempt()], {"pay_1": record()}), beyond=3
)


@pytest.mark.parametrize(
    ("body", "tone", "text", "detail"),
    [
        (
            MEASURED,
            "plain",
            "The rollback of dep-1 was in effect 1.0 s after the first bad payment.",
            "1\u202f204 payments ($15,050.00) went through the release, 2 of them failed ($35.00)",
        ),
        (LISTED, "unknown", "dep-1 left 1 of its payments wrong.", "resend 1; 3 more were not looked at"),
        (
            CompensationListed(deployment_id="dep-1", digest="d", payments=()),
            "good",
            "dep-1 left no payment wrong.",
            "",
        ),
        (
            CompensationBegun(deployment_id="dep-1", payment_id="pay_1", fix=Fix.REFUND, amount_cents=1250, key="k"),
            "act",
            "About to refund $12.50 of pay_1.",
            "",
        ),
        (
            CompensationEnded(deployment_id="dep-1", payment_id="pay_1", done=True, detail="refund as ref_1"),
            "good",
            "pay_1 was put right.",
            "refund as ref_1",
        ),
        (
            CompensationEnded(deployment_id="dep-1", payment_id="pay_1", done=False, detail="it is right by now"),
            "unknown",
            "pay_1 was left as it is.",
            "it is right by now",
        ),
    ],
)
def test_each_entry_says_what_and_how_much(body: AftermathBody, tone: str, text: str, detail: str) -> None:
    said = aftermath_parts(body)
    assert (said[0], said[2], said[3]) == (tone, text, detail)
