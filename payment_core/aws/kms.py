"""Data keys from AWS KMS; the only file of the vault that knows an AWS client."""

import asyncio
import re
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, NoReturn, Self

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from payment_core.vault.errors import (
    KeyAccessDenied,
    KeyDisabled,
    KeyMissing,
    KeyPendingDeletion,
    KeyUnavailable,
    TamperedRecord,
    VaultError,
)
from payment_core.vault.keys.port import DATA_KEY_BYTES, Context, KeyState, NewDataKey, WrappedKey

CONNECT_SECONDS = 1.0
READ_SECONDS = 2.0
"""KMS answers in 5 to 20 ms; a customer waits for what hangs here."""

ATTEMPTS = 3
"""Of botocore's standard mode, the first included: at most about 10 s with its pauses."""

CONNECTIONS = 8
"""Misses are shared, so few calls are under way at once."""

_ERROR_BY_CODE: dict[str, type[VaultError]] = {
    "AccessDeniedException": KeyAccessDenied,
    "DisabledException": KeyDisabled,
    "IncorrectKeyException": TamperedRecord,
    "InvalidCiphertextException": TamperedRecord,
    "InvalidKeyUsageException": KeyAccessDenied,
    "NotFoundException": KeyMissing,
}
"""Everything else is taken for an outage: throttling, KMSInternalException, DependencyTimeoutException and so on."""

_STATE_BY_NAME = {
    "Enabled": KeyState.ENABLED,
    "Disabled": KeyState.DISABLED,
    "PendingDeletion": KeyState.PENDING_DELETION,
    "PendingReplicaDeletion": KeyState.PENDING_DELETION,
}
"""KeyMetadata.KeyState; the others (Creating, Updating, Unavailable, PendingImport) pass by."""


class AwsKeyService:
    """A KeyService on one KMS key. key: its id, ARN or alias. Credentials come from the environment."""

    def __init__(self, *, key: str, region: str, endpoint_url: str | None) -> None:
        self._key = key
        self._region = region
        self._endpoint_url = endpoint_url
        self._stack = AsyncExitStack()
        # aiobotocore publishes no types; everything read from it is checked here.
        self._client: Any = None

    async def __aenter__(self) -> Self:
        config = AioConfig(
            user_agent="tillwatch-payment-core",
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
        )
        self._client = await self._stack.enter_async_context(
            get_session().create_client("kms", region_name=self._region, endpoint_url=self._endpoint_url, config=config)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def generate_data_key(self, context: Context) -> NewDataKey:
        """GenerateDataKey, AES_256."""
        answer = await self._call(
            "generate_data_key", KeyId=self._key, KeySpec="AES_256", EncryptionContext=dict(context)
        )
        return NewDataKey(_plaintext(answer), _wrapped(answer))

    async def decrypt(self, wrapped: WrappedKey, context: Context) -> bytearray:
        """Decrypt; the key is named, so that a blob of another key is refused."""
        answer = await self._call(
            "decrypt", CiphertextBlob=wrapped.blob, KeyId=wrapped.key_id, EncryptionContext=dict(context)
        )
        return _plaintext(answer)

    async def re_encrypt(self, wrapped: WrappedKey, context: Context) -> WrappedKey:
        """ReEncrypt to the current key, with the same context."""
        answer = await self._call(
            "re_encrypt",
            CiphertextBlob=wrapped.blob,
            SourceKeyId=wrapped.key_id,
            SourceEncryptionContext=dict(context),
            DestinationKeyId=self._key,
            DestinationEncryptionContext=dict(context),
        )
        return _wrapped(answer)

    async def state(self) -> KeyState:
        """DescribeKey."""
        try:
            return await self._state_of(self._key)
        except KeyMissing:
            return KeyState.MISSING
        except KeyAccessDenied:
            return KeyState.ACCESS_DENIED
        except VaultError:
            return KeyState.UNAVAILABLE

    async def _state_of(self, key: str) -> KeyState:
        answer = await self._call("describe_key", KeyId=key)
        metadata = answer.get("KeyMetadata")
        name = metadata.get("KeyState", "") if isinstance(metadata, dict) else ""
        return _STATE_BY_NAME.get(str(name), KeyState.UNAVAILABLE)

    async def _call(self, operation: str, **arguments: object) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = await getattr(self._client, operation)(**arguments)
        except ClientError as fault:
            error = fault.response.get("Error", {})
            await self._refuse(str(error.get("Code", "")), str(error.get("Message", "")), arguments, fault)
        except (BotoCoreError, OSError, TimeoutError, asyncio.IncompleteReadError) as fault:
            raise KeyUnavailable(type(fault).__name__) from fault
        return answer

    async def _refuse(self, code: str, message: str, arguments: dict[str, object], fault: Exception) -> NoReturn:
        if code == "KMSInvalidStateException":
            # The code alone does not tell a key that is about to go from one that is being made.
            key = str(arguments.get("SourceKeyId", arguments.get("KeyId", self._key)))
            named = re.search(r"arn:aws[\w-]*:kms:[\w-]*:\d+:key/[\w-]+", message)
            state = await self._state_of(key if named is None else named.group())
            if state is KeyState.PENDING_DELETION:
                raise KeyPendingDeletion from fault
            if state is KeyState.DISABLED:
                raise KeyDisabled from fault
        raise _ERROR_BY_CODE.get(code, KeyUnavailable)(code) from fault


def _plaintext(answer: dict[str, Any]) -> bytearray:
    """A data key of the right size; what is not one must never seal anything."""
    plaintext = answer.get("Plaintext")
    if not isinstance(plaintext, bytes) or len(plaintext) != DATA_KEY_BYTES:
        raise KeyUnavailable("The answer holds no data key of 256 bits.")
    return bytearray(plaintext)


def _wrapped(answer: dict[str, Any]) -> WrappedKey:
    blob, key_id = answer.get("CiphertextBlob"), answer.get("KeyId")
    if not isinstance(blob, bytes) or not isinstance(key_id, str) or blob == b"" or key_id == "":
        raise KeyUnavailable("The answer holds no encrypted data key.")
    return WrappedKey(blob, key_id)
