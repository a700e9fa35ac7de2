"""The daemon's key is made once, may do what the daemon does and no more, and is made anew when it is not accepted."""

from pathlib import Path

import httpx
import msgspec
import pytest

from daemon.embedded.environments.daemon_key import SCOPES, ensure_daemon_key
from daemon.embedded.faults import StackFailed

URL = "http://127.0.0.2:8000"


class Core:
    """Makes keys for the admin, and knows those that it made."""

    def __init__(self) -> None:
        self.made: list[dict[str, object]] = []
        self.ended: list[str] = []
        self.broken = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.url.path == "/v1/control":
            known = shown in {f"key-{number}" for number in range(len(self.made))}
            return httpx.Response(200 if known else 401, json={})
        if self.broken or shown != "admin":
            return httpx.Response(401, json={})
        if request.url.path.endswith("/revoke"):
            self.ended.append(request.url.path.split("/")[-2])
            return httpx.Response(200, json={})
        if request.method == "GET":
            number = int(request.url.path.rpartition("-")[2])
            return httpx.Response(200, json={"scopes": self.made[number]["scopes"]})
        self.made.append(msgspec.json.decode(request.content))
        number = len(self.made) - 1
        return httpx.Response(201, json={"id": f"id-{number}", "secret": f"key-{number}"})


async def ensure(core: Core, folder: Path) -> str:
    """Ensure it; the file's content."""
    (folder / "payments.key").write_text("admin\n", encoding="ascii")
    path = folder / "daemon.key"
    async with httpx.AsyncClient(transport=httpx.MockTransport(core)) as client:
        await ensure_daemon_key(client, URL, folder / "payments.key", path)
    assert path.stat().st_mode & 0o077 == 0
    return path.read_text(encoding="ascii").strip()


async def test_a_key_is_made_once_with_the_scopes_that_the_daemon_needs(tmp_path: Path) -> None:
    core = Core()
    assert [await ensure(core, tmp_path) for _ in range(3)] == ["key-0"] * 3
    assert [made["scopes"] for made in core.made] == [list(SCOPES)]
    assert "*" not in SCOPES


async def test_a_key_that_the_core_does_not_know_is_replaced_under_another_name(tmp_path: Path) -> None:
    core = Core()
    await ensure(core, tmp_path)
    (tmp_path / "daemon.key").write_text("lost", encoding="ascii")
    assert await ensure(core, tmp_path) == "key-1"
    assert len({made["name"] for made in core.made}) == 2


async def test_a_key_of_an_older_version_with_fewer_scopes_is_replaced_and_ended(tmp_path: Path) -> None:
    core = Core()
    await ensure(core, tmp_path)
    core.made[0]["scopes"] = ["events:read", "control:read"]
    assert [await ensure(core, tmp_path) for _ in range(2)] == ["key-1"] * 2
    assert core.ended == ["id-0"]
    assert {"payments:read", "payments:write", "refunds:write"} < set(SCOPES)


async def test_a_key_whose_id_was_never_kept_is_of_an_older_version_and_is_replaced(tmp_path: Path) -> None:
    core = Core()
    await ensure(core, tmp_path)
    (tmp_path / "daemon.key.id").unlink()
    assert await ensure(core, tmp_path) == "key-1"
    assert core.ended == []


async def test_without_a_key_nothing_starts(tmp_path: Path) -> None:
    core = Core()
    core.broken = True
    with pytest.raises(StackFailed, match="No API key for the daemon"):
        await ensure(core, tmp_path)
