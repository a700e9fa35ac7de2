"""Only what the configured load balancer signed, for us and just now, lets anybody in; nothing else is believed."""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError

from config.console import ConsoleSettings, LoadBalancerSettings
from config.settings import Token
from daemon.http.app import create_app
from daemon.http.options import HttpOptions
from daemon.http.sessions.authority import Principal
from daemon.http.sessions.book import Session
from daemon.http.sessions.identity import Identity, IdentityRefusal, identity_of, key_id_of, role_of
from daemon.http.sessions.load_balancer import DATA_HEADER, SUBJECT_HEADER, LoadBalancer
from daemon.http.sessions.public_keys import ABSENT_MS, KEYS_MAX, MISSES_MAX, UNREACHED_MS, PublicKeys
from daemon.http.sessions.reception import Reception
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from remediation.journal.entry import DAEMON
from tests.unit.daemon.http.fake_view import NOW_MS, FakeClock, token_of
from tests.unit.daemon.http.story import bad_canary, options

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/till/0123456789abcdef"
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
NOW = NOW_MS / 1000
SETTINGS = LoadBalancerSettings(
    arn=ARN,
    issuer="https://id.example.com",
    client_id="console",
    roles={"operator": ("payments", "oncall"), "approver": ("leads",)},
)
HEADER = {
    "kid": "k-1",
    "signer": ARN,
    "iss": "https://id.example.com",
    "client": "console",
    "exp": round(NOW) + 120,
}
CLAIMS = {"sub": "s-1", "email": "ann@example.com", "groups": ["payments"], "exp": round(NOW) + 120}


def said(
    claims: Mapping[str, object] | None = None,
    header: Mapping[str, object] | None = None,
    key: object = KEY,
    algorithm: str = "ES256",
) -> str:
    """What a load balancer sends; claims and header: changes, a value of None leaves one out."""
    body = {name: value for name, value in (CLAIMS | dict(claims or {})).items() if value is not None}
    head = {name: value for name, value in (HEADER | dict(header or {})).items() if value is not None}
    return jwt.encode(body, cast("EllipticCurvePrivateKey", key), algorithm=algorithm, headers=head)


def read(token: str, settings: LoadBalancerSettings = SETTINGS) -> Identity | IdentityRefusal:
    key_id = key_id_of(token, settings)
    return key_id if isinstance(key_id, IdentityRefusal) else identity_of(token, PEM, settings, NOW)


def test_a_person_comes_in_by_name_and_group() -> None:
    assert read(said()) == Identity("s-1", Principal("ann@example.com", "operator"))


def forged(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-2]}AA.{signature}"


@pytest.mark.parametrize(
    ("token", "refusal"),
    [
        ("", IdentityRefusal.MALFORMED),
        ("a.b.c", IdentityRefusal.MALFORMED),
        ("x" * 20_000, IdentityRefusal.MALFORMED),
        (said(header={"signer": ARN.replace("0123", "ffff")}), IdentityRefusal.SIGNER),
        (said(header={"signer": None}), IdentityRefusal.SIGNER),
        (said(header={"kid": None}), IdentityRefusal.KEY),
        (said(key=ec.generate_private_key(ec.SECP256R1())), IdentityRefusal.SIGNATURE),
        (forged(said()), IdentityRefusal.SIGNATURE),
        (said(key=None, algorithm="none"), IdentityRefusal.SIGNER),
        (said(key="secret-secret-secret-secret-secret-secret", algorithm="HS256"), IdentityRefusal.SIGNER),
        (said(header={"iss": "https://evil.example.com"}), IdentityRefusal.ISSUER),
        (said(claims={"iss": "https://evil.example.com"}), IdentityRefusal.ISSUER),
        (said(header={"client": "another"}), IdentityRefusal.CLIENT),
        (said(header={"exp": round(NOW) - 61}), IdentityRefusal.EXPIRED),
        (said(header={"exp": None}), IdentityRefusal.EXPIRED),
        (said(header={"exp": "soon"}), IdentityRefusal.EXPIRED),
        (said(claims={"exp": round(NOW) - 61}), IdentityRefusal.EXPIRED),
        (said(claims={"sub": None}), IdentityRefusal.NAME),
        (said(claims={"email": None}), IdentityRefusal.NAME),
        (said(claims={"email": "  "}), IdentityRefusal.NAME),
        (said(claims={"email": "ann\nbob"}), IdentityRefusal.NAME),
        (said(claims={"email": "a" * 200}), IdentityRefusal.NAME),
        (said(claims={"email_verified": False}), IdentityRefusal.NAME),
        (said(claims={"groups": []}), IdentityRefusal.ROLE),
        (said(claims={"groups": None}), IdentityRefusal.ROLE),
        (said(claims={"groups": "nobodys"}), IdentityRefusal.ROLE),
        (said(claims={"groups": [["payments"]]}), IdentityRefusal.ROLE),
        (said(claims={"groups": {"payments": 1}}), IdentityRefusal.ROLE),
    ],
)
def test_everything_else_is_refused_with_the_first_reason(token: str, refusal: IdentityRefusal) -> None:
    assert read(token) is refusal


def test_a_key_of_another_kind_checks_nothing() -> None:
    pem = (
        rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert identity_of(said(), pem.decode(), SETTINGS, NOW) is IdentityRefusal.SIGNATURE
    assert identity_of(said(), "not a key", SETTINGS, NOW) is IdentityRefusal.SIGNATURE


@pytest.mark.parametrize("exp", [round(NOW) - 59, str(round(NOW) + 5)])
def test_clocks_may_differ_by_a_minute_and_a_time_may_be_text(exp: object) -> None:
    assert isinstance(read(said(header={"exp": exp})), Identity)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (["payments", "leads"], "approver"),
        ("oncall, other", "operator"),
        ("leads", "approver"),
        (7, None),
        (["x"], None),
    ],
)
def test_the_highest_role_that_a_group_gives_counts(groups: object, role: str | None) -> None:
    assert role_of({"groups": groups}, SETTINGS) == role


@pytest.mark.parametrize(
    "changes",
    [
        {"arn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/till/0123456789abcdef"},
        {"roles": {"root": ("payments",)}},
        {"roles": {}},
        {"keys_url": "https://keys.evil.example.com"},
        {"client_id": ""},
    ],
)
def test_a_load_balancer_that_could_let_anybody_in_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LoadBalancerSettings.model_validate(SETTINGS.model_dump() | changes)


@pytest.mark.parametrize("settings", [{"idle": 10.0, "longest": 5.0}, {"public_url": "https://till.example/path"}])
def test_settings_that_contradict_themselves_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ConsoleSettings.model_validate(settings)


class KeyPlace:
    """Where keys are asked for. asked: the addresses. fault: raised in place of an answer."""

    def __init__(self, answers: Mapping[str, httpx.Response] | None = None) -> None:
        self.asked: list[str] = []
        self.answers = dict(answers) if answers is not None else {"k-1": httpx.Response(200, text=PEM)}
        self.fault: Exception | None = None

    def transport(self) -> httpx.MockTransport:
        def answer(request: httpx.Request) -> httpx.Response:
            self.asked.append(str(request.url))
            if self.fault is not None:
                raise self.fault
            return self.answers.get(request.url.path.removeprefix("/"), httpx.Response(404))

        return httpx.MockTransport(answer)


def keys_of(place: KeyPlace, now_ms: Callable[[], float] = lambda: 0.0) -> PublicKeys:
    return PublicKeys(SETTINGS, now_ms, place.transport())


async def test_a_key_is_asked_for_in_the_region_of_the_load_balancer_once() -> None:
    place = KeyPlace()
    keys = keys_of(place)
    assert [await keys.get("k-1") for _ in range(3)] == [PEM] * 3
    assert place.asked == ["https://public-keys.auth.elb.us-east-1.amazonaws.com/k-1"]


@pytest.mark.parametrize("name", ["../admin", "a/b", "k-1?x", "", "k" * 65, "k\n1"])
async def test_a_name_that_is_a_path_is_asked_for_nowhere(name: str) -> None:
    place = KeyPlace()
    assert await keys_of(place).get(name) is None
    assert place.asked == []


async def test_a_key_that_is_not_there_is_asked_for_again_after_a_minute_and_one_unreached_soon() -> None:
    place, now = KeyPlace({}), [0.0]
    keys = keys_of(place, lambda: now[0])
    await keys.get("k-2")
    await keys.get("k-2")
    assert len(place.asked) == 1
    now[0] = ABSENT_MS
    place.fault = httpx.ConnectError("gone")
    assert await keys.get("k-2") is None
    now[0] += UNREACHED_MS
    place.fault, place.answers = None, {"k-2": httpx.Response(200, text=PEM)}
    assert await keys.get("k-2") == PEM


async def test_made_up_names_cost_few_requests_and_keep_little() -> None:
    place = KeyPlace({f"good-{number}": httpx.Response(200, text=PEM) for number in range(KEYS_MAX + 1)})
    keys = keys_of(place)
    for number in range(KEYS_MAX + 1):
        assert await keys.get(f"good-{number}") == PEM
    for number in range(MISSES_MAX * 3):
        await keys.get(f"bad-{number}")
    assert len(place.asked) == KEYS_MAX + 1 + MISSES_MAX
    assert await keys.get(f"good-{KEYS_MAX}") == PEM


async def test_an_answer_that_is_too_large_is_no_key() -> None:
    assert await keys_of(KeyPlace({"k-1": httpx.Response(200, text="x" * 5000)})).get("k-1") is None


async def test_nobody_is_called_by_the_name_of_a_token() -> None:
    balancer = LoadBalancer(SETTINGS, keys_of(KeyPlace()), lambda: NOW_MS, lambda: {"ann@example.com"})
    assert await balancer.identity({DATA_HEADER: said()}) is IdentityRefusal.NAME
    assert await balancer.identity({}) is None


async def test_nobody_is_called_as_the_journal_calls_the_daemon() -> None:
    balancer = LoadBalancer(SETTINGS, keys_of(KeyPlace()), lambda: NOW_MS, set)
    assert await balancer.identity({DATA_HEADER: said({"email": f" {DAEMON}"})}) is IdentityRefusal.NAME


class House:
    """The daemon behind a load balancer; without one when settings is None."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settings: LoadBalancerSettings | None = SETTINGS) -> None:
        self.place = KeyPlace()
        made = Reception.__init__
        transport = self.place.transport()

        def with_transport(
            reception: Reception, told: ConsoleSettings, tokens: Callable[[], Sequence[Token]], clock: FakeClock
        ) -> None:
            made(reception, told, tokens, clock, transport)

        monkeypatch.setattr(Reception, "__init__", with_transport)
        view = bad_canary()
        told = options(view)
        given = {name: getattr(told, name) for name in told.__dataclass_fields__}
        given["console"] = ConsoleSettings(public_url="https://till.example.com", load_balancer=settings)
        app = create_app(view, cast("FactSink", None), cast("Quarantine", None), HttpOptions(**given))
        transport_to = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport_to, base_url="https://till.example.com")

    async def get(self, path: str = "/console", subject: str = "s-1", token: str | None = None) -> httpx.Response:
        data = said() if token is None else token
        return await self.client.get(path, headers={DATA_HEADER: data, SUBJECT_HEADER: subject})


async def test_whom_the_load_balancer_names_has_a_session_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    async with house.client:
        entered = await house.get("/console/incidents")
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/incidents")
        assert entered.headers["set-cookie"].startswith("__Host-")
        assert "ann@example.com · operator" in (await house.get()).text
        assert len(house.place.asked) == 1


async def test_another_person_at_the_same_browser_is_not_taken_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    async with house.client:
        await house.get()
        bob = said({"sub": "s-2", "email": "bob@example.com", "groups": ["leads"]})
        entered = await house.get(subject="s-2", token=bob)
        assert entered.status_code == 303
        assert "bob@example.com · approver" in (await house.get(subject="s-2", token=bob)).text


async def test_a_forged_word_lets_nobody_in_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    async with house.client:
        refused = await house.get(token=said(key=ec.generate_private_key(ec.SECP256R1())))
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers
        assert "was not taken: signature." in refused.text


async def test_its_word_opens_pages_and_neither_the_api_nor_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch)
    async with house.client:
        assert (await house.get("/api/v1/status")).status_code == 401
        headers = {DATA_HEADER: said()}
        posted = await house.client.post("/console/acts/automation.stop", headers=headers, data={"reason": "x"})
        assert posted.status_code == 401


async def test_without_one_in_the_settings_its_headers_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(monkeypatch, settings=None)
    async with house.client:
        assert (await house.get()).headers["location"] == "/console/login"
        assert house.place.asked == []
        await house.client.post("/console/login", data={"token": token_of("viewer")})
        assert "viewer-ann" in (await house.get(subject="another")).text


def test_a_session_by_identity_ends_when_the_load_balancer_is_not_configured_any_more() -> None:
    reception = Reception(ConsoleSettings(), tuple, FakeClock())
    session_id = reception.book.open(Principal("ann@example.com", "operator"), "identity:s-1")
    found: Session | None = reception.book.find(session_id)
    assert found is None


async def test_no_log_holds_a_word_of_the_load_balancer_or_a_token(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(monkeypatch)
    async with house.client:
        access = {"x-amzn-oidc-accesstoken": "access-token-of-ann"}
        await house.client.get("/console", headers={DATA_HEADER: said(), **access})
        await house.client.get("/console", headers={DATA_HEADER: forged(said()), **access})
        await house.client.post("/console/login", data={"token": "a-wrong-token"})
        await house.client.post("/console/login", data={"token": token_of("admin")})
    told = capsys.readouterr()
    for secret in ("access-token-of-ann", said()[:40], "a-wrong-token", token_of("admin"), "__Host-"):
        assert secret not in told.out + told.err
    assert "signed in" in told.out
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert private not in told.out
