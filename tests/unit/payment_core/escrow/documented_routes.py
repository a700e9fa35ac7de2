"""The real routes of these areas over one store in memory, and the commands of a page run against them."""

import re
import shlex
from pathlib import Path
from typing import Any

import httpx

from payment_core.ach.files.model import AchEntry
from payment_core.escrow.acts.saving import Setting
from payment_core.escrow.desk import EscrowDesk
from payment_core.escrow.funding import PaymentFunds
from payment_core.escrow.options import EscrowOptions
from payment_core.http.app import build_app
from payment_core.http.tables.escrows import escrow_routes
from payment_core.http.tables.methods import method_routes
from payment_core.http.tables.people.bank_accounts import bank_account_routes
from payment_core.http.tables.people.providers import provider_routes
from payment_core.keys.authenticator import Authenticator
from payment_core.keys.model import RECORDS as KEY_RECORDS
from payment_core.keys.secrets import hash_of, new_secret
from payment_core.metrics.counts import Counts
from payment_core.store.memory import MemoryStore
from payment_core.store.stage import Registry
from tests.unit.payment_core.escrow.escrow_world import ALL_RECORDS as ESCROW_RECORDS
from tests.unit.payment_core.escrow.escrow_world import EscrowWorld
from tests.unit.payment_core.methods.vaulted_world import ALL_RECORDS as VAULTED_RECORDS
from tests.unit.payment_core.methods.vaulted_world import VaultedWorld

PAGES = Path(__file__).resolve().parents[4] / "docs"
_COMMAND = re.compile(r"(?m)^curl -s .*$(?:\n .*$)*")
_VARIABLE_OF_PREFIX = {"pro": "PROVIDER", "ba": "ACCOUNT", "esc": "ESCROW", "tok": "METHOD", "rev": "CASE"}


class Served:
    """The application with a key for everything; last: the status and body of the last answer."""

    def __init__(self) -> None:
        self.vaulted = VaultedWorld()
        clock = self.vaulted.clock
        self.vaulted.memory = MemoryStore(
            registry=Registry((*ESCROW_RECORDS, *VAULTED_RECORDS, *KEY_RECORDS)), producer="blue", clock=clock
        )
        self.vaulted.use(self.vaulted.memory)
        self.escrows = EscrowWorld()
        self.escrows.clock = clock  # type: ignore[assignment]  # the same in all but name
        self.escrows.store = self.vaulted.memory
        setting = Setting(PaymentFunds(), self.escrows.setting.origin, EscrowOptions())
        secret = new_secret("test")
        self.app = build_app(
            (
                *method_routes(self.vaulted.methods),
                *provider_routes(self.vaulted.providers, self.vaulted.cases),
                *bank_account_routes(self.vaulted.accounts),
                *escrow_routes(EscrowDesk(self.vaulted.memory, setting)),
            ),
            authenticator=Authenticator(
                keys=self.vaulted.memory, clock=clock, admin_hashes=frozenset({hash_of(secret)})
            ),
            counts=Counts(),
            clock=clock,
            version="1.0.0",
            card_hash_key=b"k" * 32,
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://core")
        self.variables = {"TILL_KEY": secret}
        self._keys = 0

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:  # noqa: ANN401
        """A request with the key of everything and an idempotency key of its own."""
        self._keys += 1
        sent = {
            "Authorization": f"Bearer {self.variables['TILL_KEY']}",
            "Idempotency-Key": f"k{self._keys}",
            **headers,
        }
        return await self.http.request(method, path, json=body, headers=sent)

    async def run(self, command: str) -> httpx.Response:
        """One command of a page; ids in its answer become the variables that later commands name."""
        for name, value in self.variables.items():
            command = command.replace(f"${name}", value)
        words = shlex.split(command.replace("\\\n", " "))
        assert words[:2] == ["curl", "-s"]
        address = next(word for word in words if word.startswith("http://"))
        headers = dict(words[at + 1].split(": ", 1) for at, word in enumerate(words) if word == "-H")
        data = next((words[at + 1] for at, word in enumerate(words) if word == "-d"), None)
        method = next(
            (words[at + 1] for at, word in enumerate(words) if word == "-X"), "GET" if data is None else "POST"
        )
        path = re.sub(r"^http://[^/]*", "", address)
        answer = await self.http.request(method, path, content=data, headers=headers)
        found = answer.json().get("id", "")
        variable = _VARIABLE_OF_PREFIX.get(found.partition("_")[0])
        if variable is not None:
            self.variables[variable] = found
        return answer

    async def amounts_of(self, account_id: str) -> list[int]:
        """What the holder of the account reads in their statement."""
        return [entry.amount_cents for entry in await self.vaulted.all(AchEntry) if entry.subject_id == account_id]


def commands(page: str) -> list[str]:
    """The curl commands of a page, in order."""
    return _COMMAND.findall((PAGES / page).read_text("utf-8"))
