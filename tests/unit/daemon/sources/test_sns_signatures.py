"""Only what SNS signed passes: certificates of its own address, both versions, and nothing changed on the way."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from daemon.errors import AwsFailed, Untranslatable
from daemon.sources.sns_signatures import CERTIFICATES_MAX, SnsSignatures

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:till-alarms"
FIELDS = {
    "Type": "Notification",
    "MessageId": "m-1",
    "TopicArn": TOPIC,
    "Subject": "ALARM",
    "Message": '{"AlarmName":"a"}',
    "Timestamp": "2026-11-24T11:59:59.000Z",
}


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """An RSA key of the test's own authority; one a name, because making one takes a while."""
    assert name
    return rsa.generate_private_key(65_537, 2048)


def certificate(signer: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, days: tuple[int, int] = (-1, 30)) -> bytes:
    """A certificate for the key, signed by the test's own authority, valid from and until so many days from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "own authority")]))
        .public_key(signer.public_key())
        .serial_number(1)
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .sign(key("authority"), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@dataclass
class Certificates:
    """Gives the certificate of each address; a fault comes first."""

    pem: bytes = field(default_factory=lambda: certificate(key("sns")))
    faults: list[AwsFailed] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.faults:
            raise self.faults.pop(0)
        return self.pem


def signed(version: str = "1", signer: str = "sns", url: str = URL, **fields: str | None) -> dict[str, object]:
    """A message as SNS sends it; a field that is None is left out."""
    sent = {name: value for name, value in (FIELDS | fields).items() if value is not None}
    order = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{sent[name]}\n" for name in order if name in sent)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303  # version 1 is SHA-1
    signature = base64.b64encode(key(signer).sign(text.encode(), padding.PKCS1v15(), algorithm)).decode()
    return {**sent, "SignatureVersion": version, "Signature": signature, "SigningCertURL": url}


def checker(certificates: Certificates, now: Callable[[], int] = lambda: NOW_MS) -> SnsSignatures:
    return SnsSignatures(certificates, now)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["ALARM", None])
async def test_what_sns_signed_passes_and_its_certificate_is_asked_for_once(version: str, subject: str | None) -> None:
    certificates = Certificates()
    check = checker(certificates).check
    for _ in range(3):
        await check(msgspec.json.encode(signed(version, Subject=subject)))
    assert certificates.asked == [URL]


async def test_a_confirmation_is_signed_over_its_own_fields() -> None:
    message = signed("2", Type="SubscriptionConfirmation", Subject=None, SubscribeURL="https://x", Token="t")
    await checker(Certificates()).check(msgspec.json.encode(message).decode())


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (signed() | {"Message": '{"AlarmName":"b"}'}, "did not sign"),
        (signed() | {"TopicArn": TOPIC.replace("till", "evil")}, "did not sign"),
        (signed() | {"Timestamp": "2026-11-25T00:00:00.000Z"}, "did not sign"),
        (signed(signer="somebody"), "did not sign"),
        (signed("2") | {"SignatureVersion": "1"}, "did not sign"),
        (signed() | {"SignatureVersion": "3"}, "no signature version"),
        (signed() | {"SignatureVersion": ""}, "no signature version"),
        (signed() | {"Signature": "?"}, "not base64"),
        (signed() | {"Signature": ""}, "did not sign"),
        (dict(FIELDS), "no signature version"),
        (dict(FIELDS) | {"detail-type": "an event without a source is read as SNS's"}, "no signature version"),
        (signed() | {"Type": "Other"}, "nothing of type"),
        (signed() | {"TopicArn": "arn:aws:sqs:eu-west-1:123456789012:q"}, "no topic"),
    ],
)
async def test_anything_else_is_refused(message: dict[str, object], why: str) -> None:
    with pytest.raises(Untranslatable, match=why):
        await checker(Certificates()).check(msgspec.json.encode(message))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://user@sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://sns.eu-west-1.amazonaws.com:x/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?x=1",
        "https://sns.eu-west-1.amazonaws.com/a.pem#x",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://bucket.s3.amazonaws.com/a.pem",
        "https://sns.us-east-1.amazonaws.com/a.pem",
        "https://sns.amazonaws.com/a.pem",
        "file:///etc/passwd.pem",
        "",
    ],
)
async def test_a_certificate_of_any_other_place_is_never_fetched(url: str) -> None:
    certificates = Certificates()
    with pytest.raises(Untranslatable, match=r"SigningCertURL|certificate"):
        await checker(certificates).check(msgspec.json.encode(signed(url=url)))
    assert certificates.asked == []


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"no pem", "cannot be read"),
        (certificate(key("sns"), (1, 30)), "not valid now"),
        (certificate(key("sns"), (-30, -1)), "not valid now"),
        (certificate(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
    ],
    ids=["no pem", "not yet", "no longer", "another kind of key"],
)
async def test_a_certificate_that_cannot_be_used_lets_nothing_pass(pem: bytes, why: str) -> None:
    with pytest.raises(Untranslatable, match=why):
        await checker(Certificates(pem)).check(msgspec.json.encode(signed()))


async def test_a_certificate_that_cannot_be_had_is_no_forgery_and_is_asked_for_again() -> None:
    certificates = Certificates(faults=[AwsFailed("no route")])
    check = checker(certificates).check
    with pytest.raises(AwsFailed):
        await check(msgspec.json.encode(signed()))
    await check(msgspec.json.encode(signed()))


async def test_a_certificate_that_ends_is_fetched_anew() -> None:
    certificates, now = Certificates(), [NOW_MS]
    check = checker(certificates, lambda: now[0]).check
    await check(msgspec.json.encode(signed()))
    now[0] += 31 * 86_400_000
    certificates.pem = certificate(key("sns"), (20, 400))
    await check(msgspec.json.encode(signed()))
    assert len(certificates.asked) == 2


async def test_as_many_certificates_are_kept_as_there_are_places_for() -> None:
    certificates = Certificates()
    made = checker(certificates)
    for number in range(CERTIFICATES_MAX + 3):
        await made.check(msgspec.json.encode(signed(url=URL.replace("0123", str(number)))))
    assert len(made._known) == CERTIFICATES_MAX


@pytest.mark.parametrize(
    "body",
    [
        b'{"schema":"tillwatch.events.v1","events":[]}',
        b'{"detail-type":"x","source":"aws.ce","Type":"Notification"}',
        b'{"AlarmName":"a"}',
        b"{}",
    ],
)
async def test_what_is_not_of_sns_needs_no_signature(body: bytes) -> None:
    certificates = Certificates()
    await checker(certificates).check(body)
    assert certificates.asked == []


async def test_a_name_in_another_spelling_is_the_same_name() -> None:
    body = msgspec.json.encode(dict(FIELDS)).replace(b'"Type"', b'"\\u0054ype"')
    with pytest.raises(Untranslatable):
        await checker(Certificates()).check(body)


@pytest.mark.parametrize("body", [b"{", b"\xff", "\ud800", b"[" * 100_000])
async def test_what_cannot_be_read_is_refused(body: bytes | str) -> None:
    with pytest.raises(Untranslatable):
        await checker(Certificates()).check(body)
