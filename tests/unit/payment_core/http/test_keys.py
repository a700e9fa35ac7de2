"""API keys over HTTP and in their file."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from payment_core.http.tables.keys import KEYS_READ, KEYS_WRITE
from payment_core.keys.admin import ensure_admin_key
from payment_core.keys.errors import AdminKeyUnusable
from payment_core.keys.model import ApiKey
from payment_core.keys.secrets import SECRET, hash_of, new_secret, shown_part
from payment_core.operations.once import KeyRecord, key_id
from tests.unit.payment_core.http.api_world import NOW_MS, Json, World

BODY: Json = {"name": "shop", "scopes": ["events:read"]}


async def test_a_new_key_opens_what_it_was_made_for_and_its_secret_is_shown_once(world: World) -> None:
    made = await world.send("POST", "/v1/keys", json=BODY, key="k")
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert SECRET.fullmatch(secret)
    assert (await world.send("GET", "/v1/events", secret)).status_code == 200
    assert (await world.send("GET", "/v1/ledger", secret)).status_code == 403
    again = await world.send("POST", "/v1/keys", json=BODY, key="k")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (201, "true")
    assert again.json() == made.json() | {"secret": ""}
    shown = await world.send("GET", f"/v1/keys/{made.json()['id']}")
    assert shown.json() == made.json() | {"secret": ""}
    assert shown.json()["shown"] == shown_part(secret)


async def test_no_secret_is_stored(world: World) -> None:
    secret = (await world.send("POST", "/v1/keys", json=BODY, key="k")).json()["secret"]
    stored = b"".join(world.store._bodies.values())
    events = b"".join(row.body for row in await world.store.events("", 100))
    assert secret.encode() not in stored + events
    assert secret[-20:].encode() not in stored + events
    record = await world.store.read(KeyRecord, key_id("api_key.create", "k"))
    assert record is not None
    assert hash_of(secret).encode() not in record.body


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"scopes": ["all of them"]}, 422, "invalid-request"),
        ({"scopes": ["nothing:read"]}, 422, "api-key-scope-unknown"),
        ({"scopes": []}, 422, "invalid-request"),
        ({"expires_at_ms": NOW_MS}, 422, "api-key-expiry-past"),
        ({"name": "admin"}, 409, "api-key-name-taken"),
        ({"name": "taken"}, 409, "api-key-name-taken"),
        ({"name": "with space"}, 422, "invalid-request"),
        ({"burst": 0}, 422, "invalid-request"),
    ],
)
async def test_a_key_that_cannot_be_is_refused(world: World, body: Json, status: int, kind: str) -> None:
    await world.send("POST", "/v1/keys", json={"name": "taken", "scopes": ["events:read"]})
    answer = await world.send("POST", "/v1/keys", json=BODY | body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:tillwatch:problem:{kind}")


async def test_a_key_passes_on_only_the_scopes_it_has(world: World) -> None:
    secret = await world.add_key(KEYS_WRITE, "events:read")
    for scopes, status in ((["events:read"], 201), (["ledger:read"], 403), (["*"], 403), ([KEYS_WRITE], 201)):
        answer = await world.send("POST", "/v1/keys", secret, json={"name": f"n{len(scopes[0])}", "scopes": scopes})
        assert answer.status_code == status, scopes


async def test_a_revoked_key_opens_nothing_and_its_name_stays_taken(world: World) -> None:
    made = (await world.send("POST", "/v1/keys", json=BODY)).json()
    assert (await world.send("GET", "/v1/events", made["secret"])).status_code == 200
    revoked = await world.send("POST", f"/v1/keys/{made['id']}/revoke")
    assert (revoked.status_code, revoked.json()["status"], revoked.json()["version"]) == (200, "revoked", 2)
    assert (await world.send("GET", "/v1/events", made["secret"])).status_code == 401
    assert (await world.send("POST", f"/v1/keys/{made['id']}/revoke")).status_code == 409
    assert (await world.send("POST", "/v1/keys", json=BODY)).status_code == 409
    assert (await world.send("POST", "/v1/keys/key_none/revoke")).status_code == 404


async def test_every_change_of_a_key_is_audited_by_the_name_of_who_made_it(world: World) -> None:
    secret = await world.add_key(KEYS_WRITE, "events:read", name="ops")
    made = (await world.send("POST", "/v1/keys", secret, json=BODY)).json()
    await world.send("POST", f"/v1/keys/{made['id']}/revoke", secret)
    rows = [row for row in await world.store.audit(0, 0, 100) if row.kind == "api_key"]
    assert [(row.actor, row.id, row.version) for row in rows] == [
        ("key:ops", made["id"], 1),
        ("key:ops", made["id"], 2),
    ]


async def test_keys_are_listed_page_by_page_in_order_of_creation(world: World) -> None:
    names = []
    for number in range(7):
        world.clock.ms += 1
        await world.send("POST", "/v1/keys", json=BODY | {"name": f"n{number}"})
    after, pages = "", 0
    while True:
        page = (await world.send("GET", f"/v1/keys?limit=3&after={after}")).json()
        names += [key["name"] for key in page["data"]]
        assert all(key["secret"] == "" for key in page["data"])
        after, pages = page["next_after"], pages + 1
        if after == "":
            break
    assert (names, pages) == ([f"n{number}" for number in range(7)], 3)


async def test_a_page_that_is_just_full_is_the_last(world: World) -> None:
    for number in range(3):
        await world.send("POST", "/v1/keys", json=BODY | {"name": f"n{number}"})
    reader = await world.add_key(KEYS_READ, id="zzz")
    page = (await world.send("GET", "/v1/keys?limit=4", reader)).json()
    assert (len(page["data"]), page["next_after"]) == (4, "")


def test_secrets_are_long_random_and_hashed_without_themselves() -> None:
    secrets = {new_secret("live") for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"till_live_[0-9A-Za-z]{40}", secret) for secret in secrets)
    one = secrets.pop()
    assert hash_of(one) == hash_of(one) != hash_of(secrets.pop())
    assert one not in hash_of(one)
    assert ApiKey.__struct_config__.tag == "api_key"


def test_the_admin_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "admin.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: ensure_admin_key(path), range(32)))
    assert len(made) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_admin_key(path) in made
    assert os.listdir(path.parent) == ["admin.key"]  # noqa: PTH208 - hidden drafts included


@pytest.mark.parametrize(("content", "mode"), [("till_live_" + "a" * 40, 0o644), ("nonsense", 0o600), ("", 0o600)])
def test_an_admin_key_that_others_read_or_that_is_none_is_refused_and_not_repeated(
    tmp_path: Path, content: str, mode: int
) -> None:
    path = tmp_path / "admin.key"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(AdminKeyUnusable) as caught:
        ensure_admin_key(path)
    assert str(path) in str(caught.value)
    assert content == "" or content not in str(caught.value)


def test_an_admin_key_in_an_impossible_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AdminKeyUnusable):
        ensure_admin_key(tmp_path / "file" / "admin.key")
