"""What AWS KMS does with symmetric keys, and how it refuses, over a book of keys."""

import secrets
from collections.abc import Callable
from typing import Any

import msgspec

from daemon.embedded.kms import requests as asked
from daemon.embedded.kms.book import Book, Key, new_key, new_material
from daemon.embedded.processes.surroundings import ACCOUNT_ID, REGION
from payment_core.vault.errors import TamperedRecord
from payment_core.vault.keys.blobs import MaterialName, material_of, open_blob, seal_blob

ROTATIONS_MAX = 25
"""On-demand rotations of one key, as in KMS."""
KEYS_MAX = 1_000
"""A stand-in for one machine; more are a loop that creates keys."""
DAY_MS = 86_400_000
BYTES_BY_SPEC = {"AES_256": 32, "AES_128": 16}
ALGORITHM = "SYMMETRIC_DEFAULT"

Answer = dict[str, Any]


class KmsRefused(Exception):  # named after what happened; the code is AWS's
    """KMS answers 400 with this code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class KmsService:
    """The operations. They do not wait; whoever serves them stores the book before it answers."""

    def __init__(self, book: Book, now_ms: Callable[[], int]) -> None:
        self.book = book
        self._now_ms = now_ms
        self._operations: dict[str, tuple[type[asked.Request], Callable[[Any], Answer]]] = {
            "CancelKeyDeletion": (asked.OneKey, self._cancel_key_deletion),
            "CreateAlias": (asked.CreateAlias, self._create_alias),
            "CreateKey": (asked.CreateKey, self._create_key),
            "Decrypt": (asked.Decrypt, self._decrypt),
            "DescribeKey": (asked.OneKey, self._describe_key),
            "DisableKey": (asked.OneKey, self._disable_key),
            "EnableKey": (asked.OneKey, self._enable_key),
            "Encrypt": (asked.Encrypt, self._encrypt),
            "GenerateDataKey": (asked.GenerateDataKey, self._generate_data_key),
            "ListKeyRotations": (asked.OneKey, self._list_key_rotations),
            "ReEncrypt": (asked.ReEncrypt, self._re_encrypt),
            "RotateKeyOnDemand": (asked.OneKey, self._rotate_key_on_demand),
            "ScheduleKeyDeletion": (asked.ScheduleKeyDeletion, self._schedule_key_deletion),
        }

    def answer(self, operation: str, body: bytes) -> Answer:
        """Do one call; ``bytes`` in the answer are for base64. Raises KmsRefused."""
        if operation not in self._operations:
            raise KmsRefused("UnknownOperationException", f"{operation!r} is not an operation of this stand-in")
        shape, work = self._operations[operation]
        try:
            request = msgspec.json.decode(body, type=shape)
        except msgspec.ValidationError as error:
            raise KmsRefused("ValidationException", str(error)) from None
        except msgspec.DecodeError:
            raise KmsRefused("SerializationException", "the body is not JSON") from None
        self.book = self.book.without_deleted(self._now_ms())
        return work(request)

    def _create_key(self, request: asked.CreateKey) -> Answer:
        if len(self.book.keys) >= KEYS_MAX:
            raise KmsRefused("LimitExceededException", f"there are {KEYS_MAX} keys already")
        key = new_key(request.description, self._now_ms())
        self.book = self.book.with_key(key)
        return {"KeyMetadata": self._metadata(key)}

    def _create_alias(self, request: asked.CreateAlias) -> Answer:
        if request.alias_name.startswith("alias/aws/"):
            raise KmsRefused("InvalidAliasNameException", "alias/aws/ belongs to AWS")
        if request.alias_name in self.book.aliases:
            raise KmsRefused("AlreadyExistsException", f"{request.alias_name} exists")
        key = self._unless_pending(self._find(request.target_key_id))
        self.book = self.book.with_alias(request.alias_name, key.id)
        return {}

    def _describe_key(self, request: asked.OneKey) -> Answer:
        return {"KeyMetadata": self._metadata(self._find(request.key_id))}

    def _enable_key(self, request: asked.OneKey) -> Answer:
        key = self._unless_pending(self._find(request.key_id))
        self.book = self.book.with_key(msgspec.structs.replace(key, enabled=True))
        return {}

    def _disable_key(self, request: asked.OneKey) -> Answer:
        key = self._unless_pending(self._find(request.key_id))
        self.book = self.book.with_key(msgspec.structs.replace(key, enabled=False))
        return {}

    def _schedule_key_deletion(self, request: asked.ScheduleKeyDeletion) -> Answer:
        key = self._unless_pending(self._find(request.key_id))
        at_ms = self._now_ms() + request.pending_window_in_days * DAY_MS
        self.book = self.book.with_key(msgspec.structs.replace(key, deletion_at_ms=at_ms))
        return {
            "KeyId": _arn(key),
            "DeletionDate": at_ms / 1000,
            "KeyState": "PendingDeletion",
            "PendingWindowInDays": request.pending_window_in_days,
        }

    def _cancel_key_deletion(self, request: asked.OneKey) -> Answer:
        key = self._find(request.key_id)
        if key.deletion_at_ms == 0:
            raise KmsRefused("KMSInvalidStateException", f"{_arn(key)} is not pending deletion.")
        # KMS leaves such a key disabled.
        self.book = self.book.with_key(msgspec.structs.replace(key, deletion_at_ms=0, enabled=False))
        return {"KeyId": _arn(key)}

    def _rotate_key_on_demand(self, request: asked.OneKey) -> Answer:
        key = self._usable(self._find(request.key_id))
        if len(key.materials) > ROTATIONS_MAX:
            raise KmsRefused("LimitExceededException", f"{_arn(key)} was rotated {ROTATIONS_MAX} times on demand")
        materials = (*key.materials, new_material(self._now_ms()))
        self.book = self.book.with_key(msgspec.structs.replace(key, materials=materials))
        return {"KeyId": key.id}

    def _list_key_rotations(self, request: asked.OneKey) -> Answer:
        key = self._find(request.key_id)
        rotations = [
            {"KeyId": key.id, "RotationDate": material.made_at_ms / 1000, "RotationType": "ON_DEMAND"}
            for material in key.materials[1:]
        ]
        return {"Rotations": rotations, "Truncated": False}

    def _generate_data_key(self, request: asked.GenerateDataKey) -> Answer:
        if (request.key_spec is None) == (request.number_of_bytes is None):
            raise KmsRefused("ValidationException", "exactly one of KeySpec and NumberOfBytes must be given")
        key = self._usable(self._find(request.key_id))
        size = BYTES_BY_SPEC[request.key_spec] if request.key_spec is not None else request.number_of_bytes
        plaintext = secrets.token_bytes(size)
        sealed = self._seal(key, plaintext, request.encryption_context)
        return {**sealed, "Plaintext": plaintext}

    def _encrypt(self, request: asked.Encrypt) -> Answer:
        key = self._usable(self._find(request.key_id))
        sealed = self._seal(key, request.plaintext, request.encryption_context)
        return {**sealed, "EncryptionAlgorithm": ALGORITHM}

    def _decrypt(self, request: asked.Decrypt) -> Answer:
        key, plaintext = self._open(request.ciphertext_blob, request.key_id, request.encryption_context)
        return {"KeyId": _arn(key), "Plaintext": plaintext, "EncryptionAlgorithm": ALGORITHM}

    def _re_encrypt(self, request: asked.ReEncrypt) -> Answer:
        source, plaintext = self._open(
            request.ciphertext_blob, request.source_key_id, request.source_encryption_context
        )
        destination = self._usable(self._find(request.destination_key_id))
        return {
            **self._seal(destination, plaintext, request.destination_encryption_context),
            "SourceKeyId": _arn(source),
            "SourceEncryptionAlgorithm": ALGORITHM,
            "DestinationEncryptionAlgorithm": ALGORITHM,
        }

    def _seal(self, key: Key, plaintext: bytes, context: asked.EncryptionContext) -> Answer:
        material = key.materials[-1]
        blob = seal_blob(MaterialName(key.id, material.id), material.secret, plaintext, _checked(context))
        return {"KeyId": _arn(key), "CiphertextBlob": blob, "KeyMaterialId": material.id}

    def _open(self, blob: bytes, named: str | None, context: asked.EncryptionContext) -> tuple[Key, bytes]:
        expected = None if named is None else self._find(named)
        try:
            name = material_of(blob)
        except TamperedRecord:
            raise KmsRefused("InvalidCiphertextException", "") from None
        key = self.book.keys.get(name.key_id)
        if key is None:
            raise KmsRefused("InvalidCiphertextException", "")
        if expected is not None and expected.id != key.id:
            raise KmsRefused(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.",
            )
        self._usable(self._find(key.id))
        material = next((material for material in key.materials if material.id == name.material_id), None)
        if material is None:
            raise KmsRefused("InvalidCiphertextException", "")
        try:
            return key, bytes(open_blob(material.secret, blob, _checked(context)))
        except TamperedRecord:
            raise KmsRefused("InvalidCiphertextException", "") from None

    def _find(self, name: str) -> Key:
        """A key by id, ARN, alias or the alias's ARN."""
        local = name.removeprefix(f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:")
        key_id = self.book.aliases.get(local, "") if local.startswith("alias/") else local.removeprefix("key/")
        key = self.book.keys.get(key_id)
        if key is None or key.is_deleted(self._now_ms()):
            what = "Alias" if local.startswith("alias/") else "Key"
            raise KmsRefused("NotFoundException", f"{what} '{name}' does not exist")
        return key

    @staticmethod
    def _unless_pending(key: Key) -> Key:
        if key.deletion_at_ms > 0:
            raise KmsRefused("KMSInvalidStateException", f"{_arn(key)} is pending deletion.")
        return key

    def _usable(self, key: Key) -> Key:
        self._unless_pending(key)
        if not key.enabled:
            raise KmsRefused("DisabledException", f"{_arn(key)} is disabled.")
        return key

    def _metadata(self, key: Key) -> Answer:
        pending = key.deletion_at_ms > 0
        metadata: Answer = {
            "AWSAccountId": ACCOUNT_ID,
            "Arn": _arn(key),
            "CreationDate": key.made_at_ms / 1000,
            "CurrentKeyMaterialId": key.materials[-1].id,
            "CustomerMasterKeySpec": ALGORITHM,
            "Description": key.description,
            "Enabled": key.enabled and not pending,
            "EncryptionAlgorithms": [ALGORITHM],
            "KeyId": key.id,
            "KeyManager": "CUSTOMER",
            "KeySpec": ALGORITHM,
            "KeyState": "PendingDeletion" if pending else "Enabled" if key.enabled else "Disabled",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegion": False,
            "Origin": "AWS_KMS",
        }
        return metadata | ({"DeletionDate": key.deletion_at_ms / 1000} if pending else {})


def _arn(key: Key) -> str:
    return f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/{key.id}"


def _checked(context: asked.EncryptionContext) -> asked.EncryptionContext:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in context.items())
    if size > asked.CONTEXT_BYTES_MAX:
        raise KmsRefused("ValidationException", f"the encryption context has more than {asked.CONTEXT_BYTES_MAX} bytes")
    return context
