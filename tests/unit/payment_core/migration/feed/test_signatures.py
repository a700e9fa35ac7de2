"""An event is believed when its signature is the processor's, over this very body, and fresh."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.migration.feed.signatures import SignatureProblem, signature_header, signature_problem

SECRET = "whsec_test"
BODY = b'{"id":"evt_1"}'
AT = 1_790_000_000


def right(at: int = AT, body: bytes = BODY, secret: str = SECRET) -> str:
    """Worked out as the processor documents it: HMAC-SHA-256 of time, full stop and body, in hexadecimal."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (f"t={AT},v1={right()}", None),
        (f"v1={right()},t={AT},v0=test", None),
        (f"t={AT},v1={'0' * 64},v1={right()}", None),
        (f"t={AT}, v1={right()}", None),
        (None, SignatureProblem.MISSING),
        ("", SignatureProblem.MISSING),
        (f"v1={right()}", SignatureProblem.MALFORMED),
        (f"t={AT}", SignatureProblem.MALFORMED),
        (f"t=now,v1={right()}", SignatureProblem.MALFORMED),
        (f"t={'9' * 40},v1={right()}", SignatureProblem.MALFORMED),
        (f"t={AT},t={AT},v1={right()}", SignatureProblem.MALFORMED),
        (f"t={AT},v1=é", SignatureProblem.MALFORMED),
        ("v1=" + "a" * 5_000, SignatureProblem.MALFORMED),
        (f"t={AT},v0={right()}", SignatureProblem.MALFORMED),
        (f"t={AT},v1={right(body=BODY + b' ')}", SignatureProblem.WRONG),
        (f"t={AT},v1={right(secret='other')}", SignatureProblem.WRONG),
        (f"t={AT + 1},v1={right()}", SignatureProblem.WRONG),
        (f"t={AT - 301},v1={right(AT - 301)}", SignatureProblem.TOO_OLD),
        (f"t={AT - 300},v1={right(AT - 300)}", None),
        (f"t={AT + 301},v1={right(AT + 301)}", SignatureProblem.FROM_THE_FUTURE),
    ],
)
def test_a_header_is_judged_as_the_processor_documents_it(header: str | None, problem: SignatureProblem | None) -> None:
    assert signature_problem(header, BODY, (SECRET,), AT * 1000) is problem


def test_while_a_secret_is_rolled_over_either_is_right() -> None:
    header = signature_header(BODY, "old", AT)
    assert signature_problem(header, BODY, ("new", "old"), AT * 1000) is None
    assert signature_problem(header, BODY, (), AT * 1000) is SignatureProblem.WRONG


@settings(max_examples=25)
@given(body=st.binary(max_size=40), secret=st.text(min_size=1, max_size=20), other=st.binary(max_size=40))
def test_a_signature_is_of_one_body_alone(body: bytes, secret: str, other: bytes) -> None:
    header = signature_header(body, secret, AT)
    assert signature_problem(header, body, (secret,), AT * 1000) is None
    if other != body:
        assert signature_problem(header, other, (secret,), AT * 1000) is SignatureProblem.WRONG
