"""The private key for an export's encrypted files from AWS Secrets Manager; the only file that asks it."""

import asyncio
from typing import Any

import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from payment_core.migration.export.errors import KeySourceUnavailable, KeyUnusable
from payment_core.migration.export.opening.keys import PrivateKey

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
ATTEMPTS = 3

_REFUSALS = {
    "AccessDeniedException": "this role may not read it; allow secretsmanager:GetSecretValue",
    "DecryptionFailure": "its KMS key may not be used; allow kms:Decrypt",
    "InvalidRequestException": "it is marked for deletion",
    "ResourceNotFoundException": "there is no such secret",
}
"""Everything else is taken for an outage: InternalServiceError, throttling and so on."""


class _Pair(msgspec.Struct, frozen=True):
    private_key: str
    passphrase: str | None = None


class SecretsManagerKey:
    """A KeySource. secret: the name or ARN of a secret whose current value is read anew for each file.

    Its value is the armored key, the key's bytes, or ``{"private_key": ..., "passphrase": ...}``. Credentials come
    from the environment.
    """

    def __init__(self, *, secret: str, region: str, endpoint_url: str | None) -> None:
        self._secret = secret
        self._region = region
        self._endpoint_url = endpoint_url

    async def private_key(self) -> PrivateKey:
        """GetSecretValue. Raises KeyUnusable and KeySourceUnavailable."""
        answer = await self._get_secret_value()
        binary, text = answer.get("SecretBinary"), answer.get("SecretString")
        if isinstance(binary, bytes) and binary:
            return PrivateKey(binary)
        if not isinstance(text, str) or text == "":
            raise KeyUnusable(f"{self._secret}: its value is empty.")
        if not text.lstrip().startswith("{"):
            return PrivateKey(text.encode())
        try:
            pair = msgspec.json.decode(text, type=_Pair)
        except msgspec.MsgspecError as error:
            # What msgspec says of a field names the place, never the value.
            raise KeyUnusable(f"{self._secret}: its JSON has no text under private_key.") from error
        return PrivateKey(pair.private_key.encode(), pair.passphrase)

    async def _get_secret_value(self) -> dict[str, Any]:
        config = AioConfig(
            user_agent="tillwatch-payment-core",
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        )
        session = get_session()
        try:
            async with session.create_client(
                "secretsmanager", region_name=self._region, endpoint_url=self._endpoint_url, config=config
            ) as client:
                answer: dict[str, Any] = await client.get_secret_value(SecretId=self._secret)
        except ClientError as fault:
            code = str(fault.response.get("Error", {}).get("Code", ""))
            if code in _REFUSALS:
                raise KeyUnusable(f"{self._secret}: {_REFUSALS[code]}.") from fault
            raise KeySourceUnavailable(f"Secrets Manager answered {code}.") from fault
        except (BotoCoreError, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            raise KeySourceUnavailable(f"Secrets Manager: {type(fault).__name__}.") from fault
        return answer
