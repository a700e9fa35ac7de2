"""The KMS stand-in answers and refuses as AWS KMS does, and forgets nothing between runs."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest

from daemon.embedded.faults import DirectoryUnusable
from daemon.embedded.kms.book import Book, Material, read_book, write_book
from daemon.embedded.kms.program import BODY_BYTES_MAX, build_app
from daemon.embedded.kms.service import KEYS_MAX, ROTATIONS_MAX, KmsService

NOW_MS = 1_795_690_800_000
DAY_MS = 86_400_000
CONTEXT = {"tenant": "acme"}


class Kms:
    """Calls over the protocol, with a clock that tests move."""

    def __init__(self, state: Path) -> None:
        self.now_ms = NOW_MS
        self.state = state
        self.restart()

    def restart(self) -> None:
        """As after kill -9: what is on disk is all there is."""
        self.service = KmsService(read_book(self.state), lambda: self.now_ms)
        self.app = build_app(self.service, self.state)

    async def post(self, operation: str, body: bytes) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://kms") as client:
            headers = {"X-Amz-Target": f"TrentService.{operation}"}
            return await client.post("/", content=body, headers=headers)

    async def call(self, operation: str, **fields: object) -> dict[str, Any]:
        """The answer of a call that must succeed."""
        answer = await self.post(operation, json.dumps(fields).encode())
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-amz-json-1.1"
        content: dict[str, Any] = answer.json()
        return content

    async def refusal(self, operation: str, **fields: object) -> str:
        """The error code of a call that must fail."""
        answer = await self.post(operation, json.dumps(fields).encode())
        assert answer.status_code == 400
        assert set(answer.json()) == {"__type", "message"}
        return str(answer.json()["__type"])

    async def key(self) -> str:
        """A new key's id."""
        return str((await self.call("CreateKey"))["KeyMetadata"]["KeyId"])


@pytest.fixture
def kms(tmp_path: Path) -> Kms:
    return Kms(tmp_path / "kms.json")


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_a_key_is_described_as_aws_does(kms: Kms) -> None:
    key_id = str((await kms.call("CreateKey", Description="cards"))["KeyMetadata"]["KeyId"])
    metadata = (await kms.call("DescribeKey", KeyId=key_id))["KeyMetadata"]
    assert metadata["Arn"] == f"arn:aws:kms:us-east-1:000000000000:key/{key_id}"
    assert metadata["CreationDate"] == NOW_MS / 1000
    assert (metadata["KeyState"], metadata["Enabled"], metadata["Description"]) == ("Enabled", True, "cards")
    assert (metadata["KeySpec"], metadata["KeyUsage"], metadata["Origin"]) == (
        "SYMMETRIC_DEFAULT",
        "ENCRYPT_DECRYPT",
        "AWS_KMS",
    )


async def test_a_key_answers_to_its_id_arn_alias_and_the_aliass_arn(kms: Kms) -> None:
    key_id = await kms.key()
    await kms.call("CreateAlias", AliasName="alias/till", TargetKeyId=key_id)
    arn = "arn:aws:kms:us-east-1:000000000000:"
    for name in (key_id, f"{arn}key/{key_id}", "alias/till", f"{arn}alias/till"):
        assert (await kms.call("DescribeKey", KeyId=name))["KeyMetadata"]["KeyId"] == key_id


@pytest.mark.parametrize("name", ["nobody", "alias/none", "arn:aws:kms:eu-west-1:000000000000:key/x", "alias/"])
async def test_an_unknown_key_is_not_found(kms: Kms, name: str) -> None:
    assert await kms.refusal("DescribeKey", KeyId=name) == "NotFoundException"


async def test_encrypt_and_decrypt_are_each_others_reverse(kms: Kms) -> None:
    key_id = await kms.key()
    sealed = await kms.call("Encrypt", KeyId=key_id, Plaintext=text(b"data"), EncryptionContext=CONTEXT)
    opened = await kms.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=CONTEXT)
    assert base64.b64decode(opened["Plaintext"]) == b"data"
    assert opened["KeyId"] == sealed["KeyId"] == f"arn:aws:kms:us-east-1:000000000000:key/{key_id}"


@pytest.mark.parametrize(
    ("fields", "size"), [({"KeySpec": "AES_256"}, 32), ({"KeySpec": "AES_128"}, 16), ({"NumberOfBytes": 64}, 64)]
)
async def test_a_data_key_has_the_size_asked_for(kms: Kms, fields: dict[str, object], size: int) -> None:
    made = await kms.call("GenerateDataKey", KeyId=await kms.key(), **fields)
    plaintext = base64.b64decode(made["Plaintext"])
    assert len(plaintext) == size
    opened = await kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert base64.b64decode(opened["Plaintext"]) == plaintext


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("GenerateDataKey", {}),
        ("GenerateDataKey", {"KeySpec": "AES_256", "NumberOfBytes": 32}),
        ("GenerateDataKey", {"KeySpec": "AES_192"}),
        ("GenerateDataKey", {"NumberOfBytes": 0}),
        ("GenerateDataKey", {"NumberOfBytes": 1025}),
        ("GenerateDataKey", {"KeySpec": "AES_256", "EncryptionContext": {"a": 1}}),
        ("GenerateDataKey", {"KeySpec": "AES_256", "EncryptionContext": {"a": "x" * 9_000}}),
        ("Encrypt", {"Plaintext": text(bytes(4_097))}),
        ("Encrypt", {"Plaintext": ""}),
        ("Encrypt", {"Plaintext": "not base64!"}),
        ("Encrypt", {}),
        ("Decrypt", {"CiphertextBlob": text(bytes(6_145))}),
        ("ScheduleKeyDeletion", {"PendingWindowInDays": 6}),
        ("ScheduleKeyDeletion", {"PendingWindowInDays": 31}),
        ("CreateAlias", {"AliasName": "till", "TargetKeyId": "x"}),
        ("CreateKey", {"KeySpec": "RSA_2048"}),
        ("DescribeKey", {"KeyId": 7}),
    ],
)
async def test_a_request_out_of_its_limits_is_refused(kms: Kms, operation: str, fields: dict[str, object]) -> None:
    asked = {"KeyId": await kms.key(), **fields}
    assert await kms.refusal(operation, **asked) == "ValidationException"


async def test_exactly_4096_bytes_are_encrypted(kms: Kms) -> None:
    sealed = await kms.call("Encrypt", KeyId=await kms.key(), Plaintext=text(bytes(4_096)))
    assert base64.b64decode((await kms.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"]))["Plaintext"]) == bytes(
        4_096
    )


async def test_no_byte_of_a_blob_can_be_changed(kms: Kms) -> None:
    made = await kms.call("GenerateDataKey", KeyId=await kms.key(), KeySpec="AES_256", EncryptionContext=CONTEXT)
    blob = base64.b64decode(made["CiphertextBlob"])
    for position in range(len(blob)):
        changed = bytearray(blob)
        changed[position] ^= 0x80
        code = await kms.refusal("Decrypt", CiphertextBlob=text(bytes(changed)), EncryptionContext=CONTEXT)
        assert code == "InvalidCiphertextException"
    assert await kms.refusal("Decrypt", CiphertextBlob=text(blob)) == "InvalidCiphertextException"


async def test_a_blob_of_another_key_is_the_wrong_key(kms: Kms) -> None:
    first, second = await kms.key(), await kms.key()
    sealed = await kms.call("Encrypt", KeyId=first, Plaintext=text(b"data"))
    code = await kms.refusal("Decrypt", CiphertextBlob=sealed["CiphertextBlob"], KeyId=second)
    assert code == "IncorrectKeyException"


async def test_re_encryption_moves_a_blob_to_another_key_and_context(kms: Kms) -> None:
    first, second = await kms.key(), await kms.key()
    sealed = await kms.call("Encrypt", KeyId=first, Plaintext=text(b"data"), EncryptionContext=CONTEXT)
    asked = {"CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": second}
    moved = await kms.call(
        "ReEncrypt", **asked, SourceEncryptionContext=CONTEXT, DestinationEncryptionContext={"tenant": "b"}
    )
    assert moved["SourceKeyId"].endswith(first)
    assert moved["KeyId"].endswith(second)
    opened = await kms.call(
        "Decrypt", CiphertextBlob=moved["CiphertextBlob"], KeyId=second, EncryptionContext={"tenant": "b"}
    )
    assert base64.b64decode(opened["Plaintext"]) == b"data"
    assert await kms.refusal("ReEncrypt", **asked) == "InvalidCiphertextException"
    assert await kms.refusal("ReEncrypt", **asked, SourceKeyId=second) == "IncorrectKeyException"


USES = ("Encrypt", "Decrypt", "GenerateDataKey", "ReEncrypt", "RotateKeyOnDemand")


async def uses_of(kms: Kms, key_id: str) -> dict[str, dict[str, object]]:
    """The fields of every operation that uses the key."""
    sealed = await kms.call("Encrypt", KeyId=key_id, Plaintext=text(b"data"))
    return {
        "Encrypt": {"KeyId": key_id, "Plaintext": text(b"data")},
        "Decrypt": {"CiphertextBlob": sealed["CiphertextBlob"]},
        "GenerateDataKey": {"KeyId": key_id, "KeySpec": "AES_256"},
        "ReEncrypt": {"CiphertextBlob": sealed["CiphertextBlob"], "DestinationKeyId": await kms.key()},
        "RotateKeyOnDemand": {"KeyId": key_id},
    }


@pytest.mark.parametrize("operation", USES)
async def test_a_disabled_key_does_nothing_until_it_is_enabled(kms: Kms, operation: str) -> None:
    key_id = await kms.key()
    fields = (await uses_of(kms, key_id))[operation]
    await kms.call("DisableKey", KeyId=key_id)
    assert (await kms.call("DescribeKey", KeyId=key_id))["KeyMetadata"]["KeyState"] == "Disabled"
    assert await kms.refusal(operation, **fields) == "DisabledException"
    await kms.call("EnableKey", KeyId=key_id)
    await kms.call(operation, **fields)


@pytest.mark.parametrize("operation", USES)
async def test_a_key_pending_deletion_does_nothing_until_that_is_cancelled(kms: Kms, operation: str) -> None:
    key_id = await kms.key()
    fields = (await uses_of(kms, key_id))[operation]
    scheduled = await kms.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    assert scheduled["DeletionDate"] == (NOW_MS + 7 * DAY_MS) / 1000
    for refused in (operation, "EnableKey", "DisableKey", "ScheduleKeyDeletion"):
        asked = fields if refused == operation else {"KeyId": key_id}
        assert await kms.refusal(refused, **asked) == "KMSInvalidStateException"
    await kms.call("CancelKeyDeletion", KeyId=key_id)
    assert await kms.refusal(operation, **fields) == "DisabledException"
    await kms.call("EnableKey", KeyId=key_id)
    await kms.call(operation, **fields)
    assert await kms.refusal("CancelKeyDeletion", KeyId=key_id) == "KMSInvalidStateException"


async def test_on_its_day_a_key_is_destroyed_with_its_secret_and_its_aliases(kms: Kms) -> None:
    key_id = await kms.key()
    sealed = await kms.call("Encrypt", KeyId=key_id, Plaintext=text(b"data"))
    await kms.call("CreateAlias", AliasName="alias/till", TargetKeyId=key_id)
    await kms.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    kms.now_ms += 7 * DAY_MS
    for name in (key_id, "alias/till"):
        assert await kms.refusal("DescribeKey", KeyId=name) == "NotFoundException"
    assert await kms.refusal("CancelKeyDeletion", KeyId=key_id) == "NotFoundException"
    assert await kms.refusal("Decrypt", CiphertextBlob=sealed["CiphertextBlob"]) == "NotFoundException"
    await kms.key()
    assert read_book(kms.state).keys[key_id].materials == ()


async def test_rotation_seals_with_a_new_secret_and_old_blobs_stay_readable(kms: Kms) -> None:
    key_id = await kms.key()
    blobs = []
    for _ in range(3):
        sealed = await kms.call("Encrypt", KeyId=key_id, Plaintext=text(b"data"))
        blobs.append(sealed)
        kms.now_ms += DAY_MS
        await kms.call("RotateKeyOnDemand", KeyId=key_id)
    assert len({blob["KeyMaterialId"] for blob in blobs}) == 3
    for blob in blobs:
        opened = await kms.call("Decrypt", CiphertextBlob=blob["CiphertextBlob"])
        assert base64.b64decode(opened["Plaintext"]) == b"data"
    rotations = (await kms.call("ListKeyRotations", KeyId=key_id))["Rotations"]
    assert [rotation["RotationDate"] for rotation in rotations] == [(NOW_MS + n * DAY_MS) / 1000 for n in (1, 2, 3)]


async def test_rotations_and_keys_have_their_limits(kms: Kms, monkeypatch: pytest.MonkeyPatch) -> None:
    key_id = await kms.key()
    for _ in range(ROTATIONS_MAX):
        await kms.call("RotateKeyOnDemand", KeyId=key_id)
    assert await kms.refusal("RotateKeyOnDemand", KeyId=key_id) == "LimitExceededException"
    assert KEYS_MAX > 1
    monkeypatch.setattr("daemon.embedded.kms.service.KEYS_MAX", 1)
    assert await kms.refusal("CreateKey") == "LimitExceededException"


async def test_an_alias_is_given_once_and_not_in_the_name_of_aws(kms: Kms) -> None:
    key_id = await kms.key()
    await kms.call("CreateAlias", AliasName="alias/till", TargetKeyId=key_id)
    assert await kms.refusal("CreateAlias", AliasName="alias/till", TargetKeyId=key_id) == "AlreadyExistsException"
    assert await kms.refusal("CreateAlias", AliasName="alias/aws/x", TargetKeyId=key_id) == "InvalidAliasNameException"


async def test_a_restart_forgets_nothing(kms: Kms) -> None:
    key_id = await kms.key()
    await kms.call("CreateAlias", AliasName="alias/till", TargetKeyId=key_id)
    before = await kms.call("Encrypt", KeyId=key_id, Plaintext=text(b"data"))
    await kms.call("RotateKeyOnDemand", KeyId=key_id)
    after = await kms.call("Encrypt", KeyId=key_id, Plaintext=text(b"data"))
    other = await kms.key()
    await kms.call("DisableKey", KeyId=other)
    kms.restart()
    for sealed in (before, after):
        opened = await kms.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"], KeyId="alias/till")
        assert base64.b64decode(opened["Plaintext"]) == b"data"
    assert await kms.refusal("Encrypt", KeyId=other, Plaintext=text(b"x")) == "DisabledException"
    assert stat.S_IMODE(kms.state.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("operation", "body", "status", "code"),
    [
        ("Sign", b"{}", 400, "UnknownOperationException"),
        ("", b"{}", 400, "UnknownOperationException"),
        ("DescribeKey", b"{", 400, "SerializationException"),
        ("DescribeKey", b"[]", 400, "ValidationException"),
        ("DescribeKey", b"", 400, "SerializationException"),
        ("DescribeKey", b" " * (BODY_BYTES_MAX + 1), 413, "RequestEntityTooLargeException"),
    ],
)
async def test_nonsense_is_refused(kms: Kms, operation: str, body: bytes, status: int, code: str) -> None:
    answer = await kms.post(operation, body)
    assert (answer.status_code, answer.json()["__type"]) == (status, code)


def test_a_file_that_holds_no_keys_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "kms.json"
    path.write_bytes(b"{")
    with pytest.raises(DirectoryUnusable):
        read_book(path)
    assert path.read_bytes() == b"{"
    with pytest.raises(DirectoryUnusable):
        read_book(tmp_path)
    with pytest.raises(DirectoryUnusable):
        write_book(path / "below-a-file" / "kms.json", Book())


def test_a_secret_is_not_printed() -> None:
    assert "c2VjcmV0" not in repr(Material("one", "c2VjcmV0", 1))
