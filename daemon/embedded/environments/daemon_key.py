"""The API key that `up` gives the daemon: one that may do what the daemon does and no more, made once and kept."""

import asyncio
import secrets
from pathlib import Path

import httpx
import msgspec

from daemon.embedded.faults import StackFailed
from daemon.storage.whole_file import OWNER_ALONE, write_whole

NAME = "tillwatch-daemon"
SCOPES = (
    "events:read",
    "ledger:read",
    "health:probe",
    "fraud:read",
    "fraud:write",
    "control:read",
    "control:write",
    "payments:read",
    "payments:write",
    "refunds:write",
    "flags:read",
    "migration:read",
    "migration:write",
)
"""What docs/operating.md asks for: it recovers events, probes, acts against fraud, puts payments right,
looks which flags are served, and moves what another processor held."""


class _Made(msgspec.Struct, frozen=True):
    id: str
    secret: str


class _Kept(msgspec.Struct, frozen=True):
    scopes: tuple[str, ...]


async def ensure_daemon_key(client: httpx.AsyncClient, url: str, admin_key: Path, path: Path) -> None:
    """Leave a key in the file that the core at the address accepts, and its id beside it. Raises StackFailed.

    A key of an older version, which may do less or more than SCOPES, is replaced and ended.
    """
    kept, kept_id = await asyncio.to_thread(lambda: (_read(path), _read(_id_beside(path))))
    admin = await asyncio.to_thread(_read, admin_key)
    if kept and await _accepted(client, url, kept) and await _has_the_scopes(client, url, admin, kept_id):
        return
    # A name is never given twice, and the key of a former run may be lost.
    body = {"name": f"{NAME}-{secrets.token_hex(4)}", "scopes": list(SCOPES)}
    try:
        answer = await client.post(f"{url}/v1/keys", json=body, headers=_once(admin))
        answer.raise_for_status()
        made = msgspec.json.decode(answer.content, type=_Made)
        # The id last: without it the key is taken for an old one and made anew, never the other way round.
        for place, word in ((path, made.secret), (_id_beside(path), made.id)):
            await asyncio.to_thread(write_whole, place, f"{word}\n".encode("ascii"), mode=OWNER_ALONE)
        if kept_id:
            # One that is not known any more has nothing to be ended.
            await client.post(f"{url}/v1/keys/{kept_id}/revoke", headers=_once(admin))
    except (httpx.HTTPError, msgspec.MsgspecError, OSError) as fault:
        raise StackFailed(f"No API key for the daemon: {fault}") from fault


async def _accepted(client: httpx.AsyncClient, url: str, key: str) -> bool:
    try:
        answer = await client.get(f"{url}/v1/control", headers={"Authorization": f"Bearer {key}"})
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


async def _has_the_scopes(client: httpx.AsyncClient, url: str, admin: str, key_id: str) -> bool:
    """Whether the kept key may do exactly what is needed; one whose id was never kept is of an older version."""
    if not key_id:
        return False
    try:
        answer = await client.get(f"{url}/v1/keys/{key_id}", headers={"Authorization": f"Bearer {admin}"})
        return answer.is_success and set(msgspec.json.decode(answer.content, type=_Kept).scopes) == set(SCOPES)
    except (httpx.HTTPError, msgspec.MsgspecError):
        return False


def _once(admin: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {admin}", "Idempotency-Key": secrets.token_hex(16)}


def _id_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.id")


def _read(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""
