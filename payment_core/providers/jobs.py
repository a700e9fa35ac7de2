"""The sweep of bank accounts: ends verifications whose time is over."""

from payment_core.operations.batch import each
from payment_core.providers.model import BankAccount
from payment_core.providers.verifying import Verifying
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

BATCH = 100
"""Of one run; more wait for the next."""
VERIFICATION_ACTOR = "sweep:account_verification"


class AccountVerification:
    """Micro-entries expire, and a prenote that nobody returned makes the account verified."""

    def __init__(self, store: LedgerStore, verifying: Verifying) -> None:
        self._store = store
        self._verifying = verifying

    async def run_once(self, now_ms: int) -> int:
        """End a batch; how many."""
        return await each(await self._store.query(Due(BankAccount, now_ms, BATCH)), self._end, "account-verification")

    async def _end(self, due: BankAccount) -> bool:
        def work(transaction: Transaction) -> bool:
            account = transaction.get(BankAccount, due.id)
            return account is not None and self._verifying.end(transaction, account) is not None

        return await self._store.transact(work, VERIFICATION_ACTOR)
