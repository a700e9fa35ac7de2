"""Files that flags need are read as they should be written, or the start says which one is wrong and how."""

import ssl
from pathlib import Path

import pytest
from pydantic import ValidationError

from payment_core.flags.arriving.files import client_tls, read_secret, read_trusted_keys
from payment_core.flags.errors import FlagFileUnusable
from payment_core.options import CoreOptions, complaints
from tests.unit.payment_core.flags.sealed import KEYS, OTHER, SIGNER

BROKER = "mqtts://broker.example.com"
KEY = Path("flags.pub")


def test_a_file_of_one_or_two_keys_trusts_them(tmp_path: Path) -> None:
    path = tmp_path / "flags.pub"
    path.write_text(f"{SIGNER.public_key.hex()}\n")
    assert read_trusted_keys(path).keys() == KEYS.keys()
    path.write_text(f"{SIGNER.public_key.hex()}\n{OTHER.public_key.hex()}\n")
    assert len(read_trusted_keys(path)) == 2


@pytest.mark.parametrize("content", ["", "\n", "abc", "zz" * 32, "é" * 64, "00" * 31])
def test_a_file_that_holds_no_key_is_refused_by_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "flags.pub"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FlagFileUnusable, match=r"flags\.pub"):
        read_trusted_keys(path)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("secret\n")
    path.chmod(0o640)
    with pytest.raises(FlagFileUnusable, match="600"):
        read_secret(path)
    path.chmod(0o600)
    assert (read_secret(path), read_secret(None)) == ("secret", "")


def test_certificates_that_cannot_be_read_are_refused_and_without_any_the_system_is_trusted(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(FlagFileUnusable):
        client_tls(tmp_path / "ca.pem", None, None)
    with pytest.raises(FlagFileUnusable):
        client_tls(None, tmp_path / "none.pem", tmp_path / "none.key")
    assert client_tls(None, None, None).minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"flags_broker": BROKER}, "flags_trusted_keys"),
        ({"flags_url": "http://till.example.com/d"}, "flags_trusted_keys"),
        ({"flags_broker": "http://broker"}, "flags_broker"),
        ({"flags_broker": "mqtt://user:secret@broker"}, "flags_broker"),
        ({"flags_broker": "mqtt://b", "flags_trusted_keys": KEY, "flags_ca_file": KEY}, "flags_ca_file"),
        ({"flags_broker": BROKER, "flags_trusted_keys": KEY, "flags_certificate_file": KEY}, "flags_certificate_file"),
        ({"flags_broker": BROKER, "flags_trusted_keys": KEY, "flags_username": "core"}, "flags_username"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_by_their_names(given: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CoreOptions.model_validate(given)
    assert [name for name, _ in complaints(refused.value)] == [wrong]


@pytest.mark.parametrize(
    "broker", ["mqtt://127.0.0.1:1883", BROKER, "wss://a.example.com/mqtt", "ws://data.iot.localhost:1/mqtt"]
)
def test_brokers_of_every_kind_can_be_named(broker: str) -> None:
    assert CoreOptions(flags_broker=broker, flags_trusted_keys=KEY).flags_broker == broker
