"""Checks that SNS itself signed a message: certificates from SNS's own address, kept until they end."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from daemon.errors import Untranslatable
from daemon.translate.sns import certificate_region, sns_message, topic_owner

CERTIFICATES_MAX = 16
"""SNS has one a region, and renews it once a year."""

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}  # SNS's


class CertificateSource(Protocol):
    """Where certificates come from."""

    async def fetch(self, url: str) -> bytes:
        """The PEM at an address of SNS. Raises AwsFailed."""


@dataclass(frozen=True, slots=True)
class _Known:
    key: rsa.RSAPublicKey
    from_ms: float
    until_ms: float


class SnsSignatures:
    """The port `daemon.sources.trust.Signatures`. now_ms: the clock that certificates are held against."""

    def __init__(self, source: CertificateSource, now_ms: Callable[[], int]) -> None:
        self._source = source
        self._now_ms = now_ms
        self._known: dict[str, _Known] = {}
        self._fetching = asyncio.Lock()

    async def check(self, body: bytes | str) -> None:
        """Nothing for a message that is not SNS's, or that SNS signed.

        Raises Untranslatable for any other, and AwsFailed when the certificate cannot be had now.
        """
        try:
            raw = body.encode() if isinstance(body, str) else body
        except UnicodeError:
            raise Untranslatable("It is not text that UTF-8 can hold.") from None
        message = sns_message(raw)
        if message is None:
            return
        region, _ = topic_owner(message.topic_arn)
        algorithm = _HASHES.get(message.signature_version)
        if algorithm is None:
            raise Untranslatable(f"SNS has no signature version {message.signature_version!r:.20}.")
        if certificate_region(message.signing_cert_url) != region:
            raise Untranslatable("The certificate is that of another region than the topic's.")
        try:
            signature = base64.b64decode(message.signature, validate=True)
        except (binascii.Error, ValueError):
            raise Untranslatable("Its signature is not base64.") from None
        key = await self._key(message.signing_cert_url)
        try:
            key.verify(signature, message.signed_text, padding.PKCS1v15(), algorithm())
        except InvalidSignature:
            raise Untranslatable("SNS did not sign it.") from None

    async def _key(self, url: str) -> rsa.RSAPublicKey:
        async with self._fetching:
            known = self._known.get(url)
            if known is None or not known.from_ms <= self._now_ms() < known.until_ms:
                known = _certificate(await self._source.fetch(url))
                if not known.from_ms <= self._now_ms() < known.until_ms:
                    raise Untranslatable("The certificate that should have signed it is not valid now.")
                while len(self._known) >= CERTIFICATES_MAX:
                    del self._known[next(iter(self._known))]
                self._known[url] = known
        return known.key


def _certificate(pem: bytes) -> _Known:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Untranslatable("The certificate that should have signed it cannot be read.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise Untranslatable("The certificate that should have signed it holds no RSA key.")
    begins, ends = certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()
    return _Known(key, begins * 1000, ends * 1000)
