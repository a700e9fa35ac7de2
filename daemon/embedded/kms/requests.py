"""What the KMS stand-in is asked, field by field as the KMS API Reference (2014-11-01) names them."""

from typing import Annotated, Literal

import msgspec

PLAINTEXT_BYTES_MAX = 4_096
CIPHERTEXT_BYTES_MAX = 6_144
CONTEXT_BYTES_MAX = 8_192

EncryptionContext = dict[str, str]
KeyName = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
AliasName = Annotated[str, msgspec.Meta(pattern=r"^alias/[a-zA-Z0-9/_-]{1,250}$")]
Ciphertext = Annotated[bytes, msgspec.Meta(min_length=1, max_length=CIPHERTEXT_BYTES_MAX)]
Plaintext = Annotated[bytes, msgspec.Meta(min_length=1, max_length=PLAINTEXT_BYTES_MAX)]


class Request(msgspec.Struct, frozen=True, rename="pascal", kw_only=True):
    """Fields that the stand-in does not know are ignored, as are grant tokens."""


class CreateKey(Request, frozen=True, kw_only=True):
    """Symmetric encryption keys alone."""

    description: Annotated[str, msgspec.Meta(max_length=8192)] = ""
    key_usage: Literal["ENCRYPT_DECRYPT"] = "ENCRYPT_DECRYPT"
    key_spec: Literal["SYMMETRIC_DEFAULT"] = "SYMMETRIC_DEFAULT"


class CreateAlias(Request, frozen=True, kw_only=True):
    """A name for a key."""

    alias_name: AliasName
    target_key_id: KeyName


class OneKey(Request, frozen=True, kw_only=True):
    """DescribeKey, EnableKey, DisableKey, RotateKeyOnDemand, ListKeyRotations, CancelKeyDeletion."""

    key_id: KeyName


class ScheduleKeyDeletion(Request, frozen=True, kw_only=True):
    """The waiting period is 7 to 30 days."""

    key_id: KeyName
    pending_window_in_days: Annotated[int, msgspec.Meta(ge=7, le=30)] = 30


class GenerateDataKey(Request, frozen=True, kw_only=True):
    """Exactly one of key_spec and number_of_bytes."""

    key_id: KeyName
    encryption_context: EncryptionContext = {}
    key_spec: Literal["AES_256", "AES_128"] | None = None
    number_of_bytes: Annotated[int, msgspec.Meta(ge=1, le=1024)] | None = None


class Encrypt(Request, frozen=True, kw_only=True):
    """At most 4,096 bytes."""

    key_id: KeyName
    plaintext: Plaintext
    encryption_context: EncryptionContext = {}


class Decrypt(Request, frozen=True, kw_only=True):
    """key_id: when given, another key's blob is refused."""

    ciphertext_blob: Ciphertext
    key_id: KeyName | None = None
    encryption_context: EncryptionContext = {}


class ReEncrypt(Request, frozen=True, kw_only=True):
    """Decrypt and Encrypt in one; the plaintext stays inside."""

    ciphertext_blob: Ciphertext
    destination_key_id: KeyName
    source_key_id: KeyName | None = None
    source_encryption_context: EncryptionContext = {}
    destination_encryption_context: EncryptionContext = {}
