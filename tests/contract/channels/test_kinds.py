"""What each kind of channel says in its receiver's own terms."""

import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from config.escalation.channel_kinds import EmailChannel, MqttChannel
from config.settings import AwsSettings
from daemon.aws.session import AwsClients
from daemon.channels.kinds.alertmanager import NEVER, group_of
from daemon.channels.kinds.chat import Chat, open_chat
from daemon.channels.kinds.letter import letter_of, message_of
from daemon.channels.kinds.mail import Email, open_mailer
from daemon.channels.kinds.mqtt import Mqtt
from daemon.channels.kinds.sms import Sms, number_request, topic_request
from daemon.channels.kinds.sms_text import SEPTETS, UNITS, messages_of, sms_of
from daemon.channels.kinds.sns import SnsPublishing
from daemon.channels.kinds.teams import card_of
from daemon.channels.ports import ChannelDown, NotDelivered, NoticeNotTaken, NoticeRefused
from daemon.errors import AwsFailed, NotUsable
from remediation.escalation.notices import NoticeKind
from tests.contract.channels.broker import Broker
from tests.contract.channels.mail_server import MailServer
from tests.contract.channels.test_channel_contract import notice
from tests.contract.channels.worlds import opened
from tests.serving import serving
from tests.unit.remediation.worlds import NOW_MS

SENDER = "tillwatch@example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine, which signs itself, with its key, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("mail") / "mail.pem"
    encoding, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(encoding, private, serialization.NoEncryption()) + made.public_bytes(encoding))
    return path


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_mail_is_encrypted_and_the_login_comes_after_that(tls: str, certificate: Path) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate)
    server = MailServer(starttls=theirs if tls == "starttls" else None)
    async with serving(server.serve, theirs if tls == "implicit" else None) as port:
        settings = EmailChannel.model_validate(
            {"kind": "email", "host": "127.0.0.1", "port": port, "tls": tls, "sender": SENDER, "username": "till"}
            | {"password": "secret", "ca_file": certificate}
        )
        await Email(await open_mailer(settings, "secret")).send(notice(), "key", "ana@example.com", NOW_MS)
    assert server.encrypted == [True]
    assert len(server.logins) == 1
    assert server.recipients == ["ana@example.com"]


async def test_a_server_without_starttls_gets_no_password_and_no_letter(certificate: Path) -> None:
    server = MailServer()
    async with serving(server.serve) as port:
        settings = EmailChannel.model_validate(
            {"kind": "email", "host": "127.0.0.1", "port": port, "sender": SENDER, "username": "till"}
            | {"password": "secret", "ca_file": certificate}
        )
        with pytest.raises(ChannelDown):
            await Email(await open_mailer(settings, "secret")).send(notice(), "key", "ana@example.com", NOW_MS)
    assert (server.logins, server.letters) == ([], [])


def test_all_letters_of_an_alert_are_one_thread_with_one_subject() -> None:
    sent = [
        message_of(letter_of(one, one.id, "ana@example.com"), SENDER, NOW_MS)
        for one in (notice(), notice(kind="acknowledge", title="taken on by ann: x"), notice(26))
    ]
    opened_by, followed, other = sent
    assert opened_by["References"] == followed["References"] != other["References"]
    assert opened_by["Message-ID"] != followed["Message-ID"]
    assert followed["Subject"] == f"Re: {opened_by['Subject']}"
    assert followed.get_content().startswith("taken on by ann")


@given(title=st.text(min_size=1, max_size=300), key=st.text(min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_adds_a_header_or_a_recipient(title: str, key: str) -> None:
    one = replace(notice(title=title), about=title)
    message = message_of(letter_of(one, key, "ana@example.com"), SENDER, NOW_MS)
    assert message.get_all("To") == ["ana@example.com"]
    head = message.as_bytes().partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))}
    assert b"bcc" not in names
    assert len(names) == 12


@pytest.mark.parametrize("address", ["", "ana@example.com, eve@example.com", "ana@example.com\nBcc: eve@example.com"])
async def test_an_address_that_is_not_one_mailbox_is_refused_before_anything_is_sent(address: str) -> None:
    async with opened("email") as world:
        with pytest.raises(NoticeRefused) as raised:
            await world.channel.send(notice(), "key", address, NOW_MS)
        assert "example.com" not in str(raised.value)
        assert not world.seen()


@pytest.mark.parametrize(
    ("codes", "fault"),
    [
        ({"RCPT": 550}, NoticeRefused),
        ({"RCPT": 452}, NoticeNotTaken),
        ({"MAIL": 550}, ChannelDown),
        ({"AUTH": 535}, ChannelDown),
        ({"END": 554}, NoticeRefused),
        ({"END": 454}, NoticeNotTaken),
        ({"EHLO": 421}, ChannelDown),
    ],
    ids=str,
)
async def test_what_a_mail_server_answers_is_of_the_letter_or_of_the_channel(
    codes: dict[str, int], fault: type[NotDelivered]
) -> None:
    server = MailServer(codes={**codes, **({"HELO": 421} if "EHLO" in codes else {})})
    async with serving(server.serve) as port:
        settings = EmailChannel.model_validate(
            {"kind": "email", "host": "127.0.0.1", "port": port, "tls": "none", "sender": SENDER}
            | {"username": "till", "password": "secret"}
        )
        with pytest.raises(fault) as raised:
            await Email(await open_mailer(settings, "secret")).send(notice(), "key", "ana@example.com", NOW_MS)
    assert type(raised.value) is fault
    assert "ana" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("a" * SEPTETS, 1),
        ("a" * (SEPTETS + 1), 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("Ж" * UNITS, 1),
        ("Ж" * (UNITS + 1), 2),
        ("\N{PILE OF POO}" * 35, 1),
        ("\N{PILE OF POO}" * 36, 2),
    ],
)
def test_a_text_takes_as_many_messages_as_its_alphabet_says(text: str, messages: int) -> None:
    assert messages_of(text) == messages


@given(title=st.text(min_size=1, max_size=400), body=st.text(max_size=400), most=st.integers(1, 10))
@settings(max_examples=80, deadline=None)
def test_a_text_message_stays_within_its_bytes_and_names_its_alert(title: str, body: str, most: int) -> None:
    text = sms_of(notice(title=title, body=body), most)
    assert messages_of(text) <= most
    assert text.endswith(" inc-25:1")


def test_typographic_marks_do_not_halve_a_text_message() -> None:
    text = sms_of(notice(title="critical: rule for us-east-1 · blue (inc-25)", body="5 % ≥ 2 % — “failed”…"), 1)
    assert text == 'critical: rule for us-east-1 , blue (inc-25): 5 % >= 2 % - "failed"... inc-25:1'


def test_a_topic_gets_the_short_text_for_phones_and_the_whole_for_everything_else() -> None:
    one = notice(title="critical: übel\nx", body="long " * 100)
    request = topic_request(one, one.id, "arn:aws:sns:us-east-1:123456789012:pages.fifo", "short")
    assert request["MessageStructure"] == "json"
    assert str(request["Subject"]).isascii()
    assert request["MessageGroupId"] == "inc-25:1"
    assert number_request("+15550100123", "short", "Till")["PhoneNumber"] == "+15550100123"


async def test_sns_takes_a_number_and_a_topic_and_refuses_what_is_no_number(emulated_moto_url: str) -> None:
    aws = AwsSettings(endpoint_url=emulated_moto_url)
    async with AwsClients(aws, "test", "test").client("sns") as sns:
        arn = (await sns.call("create_topic", Name="pages"))["TopicArn"]
        channel = Sms(SnsPublishing(sns), 1, "Tillwatch")
        for address in ("+1 555 010 0123", arn):
            assert (await channel.send(notice(), "key", address, NOW_MS)).detail == "SNS took it"
        with pytest.raises(NoticeRefused, match="SNS: NotFound"):
            await channel.send(notice(), "key", f"{arn}-gone", NOW_MS)
        with pytest.raises(AwsFailed, match="InvalidParameter"):
            await SnsPublishing(sns).publish(number_request("no number", "x", ""))


@pytest.mark.parametrize("code", ["AuthorizationError", "Throttled", "InternalError", "KMSThrottling", ""])
async def test_what_sns_takes_from_nobody_now_is_of_the_channel(code: str) -> None:
    class Failing:
        async def publish(self, request: dict[str, object]) -> None:
            raise AwsFailed(f"{request['PhoneNumber']} is not ours", code=code)

    with pytest.raises(ChannelDown) as raised:
        await Sms(Failing(), 1, "").send(notice(), "key", "+15550100123", NOW_MS)
    assert "5550100123" not in str(raised.value)


def test_a_card_mentions_the_address_and_nothing_that_was_observed() -> None:
    card = card_of(notice(title="<at>everyone</at>", body="**bold** [x](https://example.com)"), "ana@example.com")
    body, teams = card["body"], card["msteams"]
    assert isinstance(body, list)
    assert isinstance(teams, dict)
    assert [block["text"] for block in body if block["type"] == "TextBlock"] == ["<at>ana</at>"]
    assert teams["entities"][0]["mentioned"] == {"id": "ana@example.com", "name": "ana"}
    assert "msteams" not in card_of(notice(), "")


def test_an_alert_fires_and_is_resolved_under_one_fingerprint_and_one_start() -> None:
    kinds: tuple[NoticeKind, ...] = ("trigger", "resolve")
    groups: list[Any] = [group_of(notice(kind=kind), "key", "alerts", NOW_MS + 60_000) for kind in kinds]
    fired, over = groups
    (first,), (last,) = fired["alerts"], over["alerts"]
    assert (fired["status"], over["status"]) == ("firing", "resolved")
    assert first["fingerprint"] == last["fingerprint"]
    assert first["labels"] == last["labels"]
    assert first["startsAt"] == last["startsAt"]
    assert first["endsAt"] == NEVER
    assert last["endsAt"] > last["startsAt"]
    assert fired["groupKey"] == over["groupKey"]


@pytest.mark.parametrize(
    ("reason", "fault"),
    [(0x10, NoticeNotTaken), (0x80, NoticeNotTaken), (0x87, NoticeRefused), (0x97, NoticeNotTaken)],
    ids=["nobody-there", "unspecified", "not-authorized", "quota"],
)
async def test_an_acknowledgement_that_says_no_is_no_delivery(reason: int, fault: type[NotDelivered]) -> None:
    broker = Broker(reason=reason)
    async with serving(broker.serve) as port:
        settings = {"kind": "mqtt", "host": "127.0.0.1", "port": port, "tls": False}
        channel = Mqtt(MqttChannel.model_validate(settings), "", None)
        with pytest.raises(fault):
            await channel.send(notice(), "key", "", NOW_MS)


async def test_without_apprise_the_start_ends_and_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    async with AsyncExitStack() as stack:
        with pytest.raises(NotUsable, match=r"channels\.via\.team: .*pip install 'tillwatch\[chat\]'"):
            await open_chat(stack, "team", "tgram://TOKEN/CHAT")


async def test_a_service_that_apprise_does_not_know_ends_the_start_without_telling_its_url() -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(NotUsable, match=r"channels\.via\.team\.url") as raised:
            await open_chat(stack, "team", "unheard-of://TOKEN/CHAT")
    assert "TOKEN" not in str(raised.value)


async def test_a_chat_that_hangs_piles_up_no_attempts() -> None:
    release, began = threading.Event(), []

    class Hanging:
        def notify(self, body: str, title: str, *, body_format: str, interpret_escapes: bool) -> bool:
            began.append((body, title, body_format, interpret_escapes))
            return release.wait(30)

    with ThreadPoolExecutor(max_workers=1) as pool:
        channel = Chat(Hanging(), pool, 0.02)
        for words in ("no answer within 0.02 s", "the attempt before still hangs"):
            with pytest.raises(ChannelDown, match=words):
                await channel.send(notice(), "key", "", NOW_MS)
        release.set()
    assert len(began) == 1
