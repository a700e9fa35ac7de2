"""What waits for people stands on the page with its way to answer, until it is answered or has run out."""

from msgspec.structs import replace

from daemon.http.console.waiting_rows import waiting_rows
from remediation.guardrails.state import Answer, ApprovalState
from remediation.state import State
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView

ASKED = ApprovalState(
    id="apr-8",
    change="payment_fixes",
    subject="dep-1",
    digest="d",
    what="resend 14 ($1,161.73)",
    requested_by="daemon",
    needed=2,
    asked_at_ms=NOW_MS,
    expires_at_ms=NOW_MS + 86_400_000,
)
EVE, BOB = Answer(by="eve", at_ms=NOW_MS), Answer(by="bob", at_ms=NOW_MS)


def test_only_a_question_without_its_answers_waits_and_the_newest_stands_first() -> None:
    later = replace(ASKED, id="apr-9", given=(EVE,))
    over = {
        "agreed": replace(ASKED, given=(EVE, BOB)),
        "refused": replace(ASKED, refused_by="eve"),
        "void": replace(ASKED, void=True),
        "late": replace(ASKED, expires_at_ms=NOW_MS),
    }
    rows = waiting_rows(State(approvals={"apr-8": ASKED, **over, "apr-9": later}), NOW_MS)
    assert [(row.id, row.answers) for row in rows] == [
        ("apr-9", "1 of 2 approved it: tillwatch approvals approve apr-9"),
        ("apr-8", "0 of 2 approved it: tillwatch approvals approve apr-8"),
    ]


async def test_the_page_says_what_waits_for_people(as_role: Client, view: FakeView) -> None:
    view.folded = replace(view.folded, approvals={"apr-8": ASKED})
    page = (await as_role("viewer").get("/console")).text
    assert "Waits for people</strong>: resend 14 ($1,161.73)." in page
    assert "tillwatch approvals approve apr-8" in page
