"""A broker that asks for certificates, as AWS IoT Core does: who has one hears of flags, and nobody else."""

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from payment_core.flags.arriving.files import client_tls
from payment_core.flags.arriving.mqtt import BrokerAddress, MqttBroker
from payment_core.flags.envelope import DOCUMENT_TOPIC
from payment_core.flags.errors import DocumentOutOfReach
from tests.conftest import Require
from tests.integration.mqtt.conftest import Mosquitto, mosquitto
from tests.unit.payment_core.flags.sealed import sealed

LOOPBACK = ipaddress.ip_address("127.0.0.1")


class Authority:
    """Signs certificates into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = named("authority")
        self.file = folder / "authority.pem"
        self._write(self.file, self._signed(self._name, self._key.public_key(), authority=True))

    def issue(self, name: str) -> tuple[Path, Path]:
        """A certificate and its key; valid for this machine's own address."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        self._write(certificate, self._signed(named(name), key.public_key(), authority=False))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, private

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool) -> x509.Certificate:
        begin = datetime(2020, 1, 1, tzinfo=UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=36500))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(LOOPBACK)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    @staticmethod
    def _write(path: Path, certificate: x509.Certificate) -> None:
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "tls"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def strict(tmp_path: Path, authority: Authority, require: Require) -> Iterator[Mosquitto]:
    """A broker that takes nobody without a certificate of the authority."""
    require("mosquitto", bool(mosquitto()))
    certificate, key = authority.issue("broker")
    key.chmod(0o644)
    made = Mosquitto(tmp_path)
    made.settings.write_text(
        f"{made.settings.read_text()}\ncafile {authority.file}\ncertfile {certificate}\nkeyfile {key}\n"
        "require_certificate true\n"
    )
    made.start()
    yield made
    made.kill()


def broker_of(port: int, ca_file: Path | None, certificate: Path | None, key: Path | None) -> MqttBroker:
    tls = client_tls(ca_file, certificate, key)
    return MqttBroker(BrokerAddress(url=f"mqtts://127.0.0.1:{port}", tls=tls, client_id="till-core-test"))


async def test_who_shows_a_certificate_gets_what_is_retained(strict: Mosquitto, authority: Authority) -> None:
    broker = broker_of(strict.port, authority.file, *authority.issue("core"))
    async with broker.session() as session:
        await session.publish(DOCUMENT_TOPIC, sealed(3), retain=True)
    async with broker.session() as session:
        assert await anext(session.documents()) == [sealed(3)]


async def test_without_a_certificate_nothing_is_heard(
    strict: Mosquitto, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A broker with TLS 1.3 refuses after the handshake, and aiomqtt waits its whole time for an answer.
    monkeypatch.setattr("payment_core.flags.arriving.mqtt.CONNECT_SECONDS", 0.5)
    with pytest.raises(DocumentOutOfReach):
        async with broker_of(strict.port, authority.file, None, None).session() as session:
            await anext(session.documents())


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_that_somebody_else_vouches_for_is_not_believed(strict: Mosquitto, authority: Authority) -> None:
    with pytest.raises(DocumentOutOfReach):
        async with broker_of(strict.port, None, *authority.issue("core")).session():
            pytest.fail("it was believed")
