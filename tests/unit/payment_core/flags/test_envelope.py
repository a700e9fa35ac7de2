"""What is sealed is opened as it was, and nothing else is."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.flags.envelope import AHEAD_MS, BYTES_MAX, VALID_MS, checkers_of, open_envelope, seal, untimely
from payment_core.flags.errors import EnvelopeRefused, Ignored
from tests.unit.payment_core.flags.sealed import KEYS, NOW_MS, OTHER, SIGNER, document, sealed


def why(body: bytes) -> Ignored:
    with pytest.raises(EnvelopeRefused) as refused:
        open_envelope(body, KEYS)
    return refused.value.why


@given(
    content=st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers(-9, 9) | st.none(), max_size=4),
    version=st.integers(0, 2**53 - 1),
    issued_at_ms=st.integers(0, 2**52),
    blanks=st.sampled_from([b"", b" ", b"\n\t "]),
)
@settings(max_examples=60)
def test_what_was_sealed_is_opened_byte_for_byte(
    content: dict[str, object], version: int, issued_at_ms: int, blanks: bytes
) -> None:
    body = msgspec.json.encode(content)
    envelope = open_envelope(
        seal(blanks + body + blanks, version=version, issued_at_ms=issued_at_ms, signer=SIGNER), KEYS
    )
    assert envelope.document == body
    assert (envelope.version, envelope.issued_at_ms) == (version, issued_at_ms)
    assert envelope.expires_at_ms == issued_at_ms + VALID_MS


@pytest.mark.parametrize("field", ["version", "issued_at_ms", "expires_at_ms", "document", "signature"])
def test_an_envelope_of_which_anything_was_changed_is_forged(field: str) -> None:
    fields = msgspec.json.decode(sealed(7))
    changed: dict[str, object] = {"document": {"flags": {}}, "signature": "0" * 128}
    fields[field] = changed[field] if field in changed else fields[field] + 1
    assert why(msgspec.json.encode(fields)) is Ignored.FORGED


def test_numbers_cannot_be_shifted_from_one_field_to_the_next() -> None:
    fields = msgspec.json.decode(sealed(1, issued_at_ms=23))
    fields["version"], fields["issued_at_ms"] = 12, 3
    assert why(msgspec.json.encode(fields)) is Ignored.FORGED


def test_a_key_that_is_not_trusted_signs_nothing_and_one_that_follows_another_does() -> None:
    theirs = sealed(7, signer=OTHER)
    assert why(theirs) is Ignored.UNKNOWN_KEY
    assert open_envelope(theirs, checkers_of([SIGNER.public_key, OTHER.public_key])).version == 7


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"\xff", b"[1]", sealed(1)[:-1], sealed(1).replace(b'"version":1', b'"version":-1')]
)
def test_what_is_no_envelope_is_unreadable(body: bytes) -> None:
    assert why(body) is Ignored.UNREADABLE


def test_an_envelope_that_no_broker_of_aws_takes_is_neither_made_nor_read() -> None:
    large = document(note="x" * BYTES_MAX)
    with pytest.raises(EnvelopeRefused) as refused:
        seal(large, version=1, issued_at_ms=NOW_MS, signer=SIGNER)
    assert refused.value.why is Ignored.TOO_LARGE
    assert why(b" " * (BYTES_MAX + 1)) is Ignored.TOO_LARGE


@pytest.mark.parametrize("document_body", [b"", b"[]", b"{", b"1", b'{"a": nan}'])
def test_what_is_no_json_object_is_not_sealed(document_body: bytes) -> None:
    with pytest.raises(EnvelopeRefused):
        seal(document_body, version=1, issued_at_ms=NOW_MS, signer=SIGNER)


@pytest.mark.parametrize(
    ("later_ms", "reason"),
    [
        (-AHEAD_MS - 1, Ignored.FROM_THE_FUTURE),
        (-AHEAD_MS, None),
        (0, None),
        (VALID_MS - 1, None),
        (VALID_MS, Ignored.EXPIRED),
    ],
)
def test_an_envelope_has_its_time(later_ms: int, reason: Ignored | None) -> None:
    assert untimely(open_envelope(sealed(1), KEYS), NOW_MS + later_ms) is reason
