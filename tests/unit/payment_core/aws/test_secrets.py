"""The private key comes from Secrets Manager in each form it may lie there in, and every refusal says what to do."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from payment_core.aws import secrets
from payment_core.aws.secrets import SecretsManagerKey
from payment_core.errors import CoreError
from payment_core.migration.export.errors import KeySourceUnavailable, KeyUnusable
from payment_core.migration.export.opening.keys import PrivateKey
from tests.serving import answering

JSON = "Content-Type: application/x-amz-json-1.1"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nobody; and nothing is tried again, for the pauses between take seconds."""
    monkeypatch.setattr(secrets, "ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


@asynccontextmanager
async def keeper(head: str, answer: object) -> AsyncIterator[tuple[SecretsManagerKey, list[bytes]]]:
    """A key source whose keeper answers so."""
    async with answering(f"{head}\r\n{JSON}", json.dumps(answer).encode()) as (url, asked):
        yield SecretsManagerKey(secret="till/migration/key", region="us-east-1", endpoint_url=url), asked


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ({"SecretString": "-----BEGIN PGP"}, PrivateKey(b"-----BEGIN PGP")),
        ({"SecretBinary": base64.b64encode(b"\x99key").decode()}, PrivateKey(b"\x99key")),
        ({"SecretString": '{"private_key": "k"}'}, PrivateKey(b"k")),
        ({"SecretString": '{"private_key": "k", "passphrase": "p"}'}, PrivateKey(b"k", "p")),
    ],
)
async def test_a_key_is_read_in_every_form(answer: dict[str, str], key: PrivateKey) -> None:
    async with keeper("200 OK", answer) as (source, asked):
        assert await source.private_key() == key
    assert b"secretsmanager.GetSecretValue" in asked[0]


@pytest.mark.parametrize(
    ("head", "answer", "error", "said"),
    [
        ("200 OK", {"SecretString": ""}, KeyUnusable, "empty"),
        ("200 OK", {}, KeyUnusable, "empty"),
        ("200 OK", {"SecretString": '{"private_key": 5, "x": "hidden"}'}, KeyUnusable, "private_key"),
        ("400 Bad Request", {"__type": "ResourceNotFoundException"}, KeyUnusable, "no such secret"),
        ("400 Bad Request", {"__type": "AccessDeniedException"}, KeyUnusable, "GetSecretValue"),
        ("400 Bad Request", {"__type": "DecryptionFailure"}, KeyUnusable, "kms:Decrypt"),
        ("400 Bad Request", {"__type": "InvalidRequestException"}, KeyUnusable, "deletion"),
        ("400 Bad Request", {"__type": "LimitExceededException"}, KeySourceUnavailable, "LimitExceeded"),
    ],
)
async def test_what_is_no_key_is_told_without_it(
    head: str, answer: dict[str, str], error: type[CoreError], said: str
) -> None:
    async with keeper(head, answer) as (source, _):
        with pytest.raises(error, match=said) as raised:
            await source.private_key()
    assert raised.value.retryable is (error is KeySourceUnavailable)
    assert "hidden" not in str(raised.value)


async def test_a_keeper_that_does_not_answer_may_be_asked_again() -> None:
    async with answering("200 OK") as (url, _):
        source = SecretsManagerKey(secret="a name", region="us-east-1", endpoint_url=url)
    with pytest.raises(KeySourceUnavailable):
        await source.private_key()
