"""A daemon that has something to show on every page, made of plain values and small worlds; any text may be hostile."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import cast

import msgspec

from checks.facts import PaymentAttempted
from config.load import Configuration, load_configuration
from config.policy import Policy
from daemon.automation import Automation
from daemon.cores.books import AccountTotal, FraudLists, ListedEntry, TrialBalance
from daemon.cores.books_watch import BooksWatch
from daemon.cores.ledger_watch import LedgerStatus
from daemon.costs.figures import BudgetStatus, MonthForecast, Variance
from daemon.costs.recommendations import Recommendation
from daemon.costs.review import CostReview, ServiceCost
from daemon.deployments.service import DeploymentDesk
from daemon.http.options import HttpOptions
from daemon.probes.core_client import LedgerViolation
from daemon.reports.savings import PAY_IN, savings_of
from daemon.reports.tally import Captures, Payouts
from daemon.reports.view import CostsDocument, ReportSlot
from daemon.schedule import Standing
from payment_core.ledger.accounts import ACCOUNTS
from remediation.decisions import OutcomeStatus
from remediation.deployment.findings import GateState
from remediation.errors import WorldUnreachable
from remediation.flags.model import FlagChange
from remediation.journal.public_kinds import CommunicationProposed, StatusProposed
from remediation.public.state import LetterState, PublicBook, UpdateState
from remediation.public.state import Standing as Told
from remediation.state import ActionState
from tests.unit.daemon.flags.flag_house import flag_house
from tests.unit.daemon.http.deploying import Desk, gate, running_at
from tests.unit.daemon.http.fake_view import NOW_MS, FakeClock, FakeView
from tests.unit.daemon.http.story import bad_canary, options
from tests.unit.daemon.incidents.incident_world import world as incident_world
from tests.unit.daemon.public.public_world import world as public_world
from tests.unit.daemon.scaling.scaling_house import House, component, policy

BASELINE = "stripe-connect-30c-3.15pct"


class Books:
    """The books of a core; fault: nobody answers."""

    def __init__(self, name: str, fault: WorldUnreachable | None = None) -> None:
        self.name = name
        self.fault = fault

    async def trial_balance(self) -> TrialBalance:
        """One capture of 100 dollars, 8 of them ours."""
        self._answer()
        posted = {"rail_clearing": (10_000, 0), "customer_escrow": (800, 10_000), "platform_fee": (0, 800)}
        accounts = tuple(
            AccountTotal(
                account=one.name,
                meaning=one.meaning,
                currency="USD",
                normal_side=one.normal_side,
                owners=1 if one.name in posted else 0,
                debits_cents=posted.get(one.name, (0, 0))[0],
                credits_cents=posted.get(one.name, (0, 0))[1],
                debits_pending_cents=0,
                credits_pending_cents=0,
                balance_cents=sum(posted.get(one.name, (0, 0))) - 2 * min(posted.get(one.name, (0, 0))),
            )
            for one in ACCOUNTS
        )
        return TrialBalance(accounts, at_one_moment=True)

    async def fraud_lists(self) -> FraudLists:
        """One entry, and more that are not shown."""
        self._answer()
        entry = ListedEntry(
            id="fle_1",
            list="block",
            kind="ip",
            value=self.name,
            reason=self.name,
            author="daemon",
            points=0,
            expires_at_ms=NOW_MS + 3_600_000,
            created_at_ms=NOW_MS - 60_000,
        )
        return FraudLists((entry,), more=True)

    async def mode(self) -> str:
        """As usual."""
        self._answer()
        return "normal"

    def _answer(self) -> None:
        if self.fault is not None:
            raise self.fault


class Costs:
    """A month with two cohorts, its payouts, and a bill."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def costs(self) -> CostsDocument:
        """See CostsSource."""
        captures = [
            Captures(
                rail="card",
                cohort=cohort,
                baseline=BASELINE,
                captures=1_000,
                amount_cents=10_000_000,
                # 1,000 x 22 c + 5 bp of $100,000, and 3 c of AWS.
                cost_microcents=27_003_000_000,
                baseline_microcents=345_000_000_000,
            )
            for cohort in ("$100 to $250", self.name)
        ]
        return CostsDocument(
            bill=_bill(self.name),
            measured=PAY_IN,
            savings=savings_of(captures),
            reports=(ReportSlot(job="daily-savings", written="2026-11-23T12:00:00Z", next="2026-11-24T12:00:00Z"),),
            payouts=(Payouts(status="submitted", payouts=100, amount_cents=18_000_000),),
        )


def _bill(name: str) -> CostReview:
    return CostReview(
        is_known=True,
        newest_day="2026-11-21",
        bad_rows=0,
        asked_cents=2,
        month=MonthForecast(
            month="2026-11",
            spent_microcents=9_000_000_000,
            known_days=21,
            days_in_month=30,
            forecast_microcents=13_000_000_000,
        ),
        budget=BudgetStatus(
            budget_cents=20_000,
            spent_microcents=9_000_000_000,
            used_basis_points=4_500,
            thresholds=(50, 80, 100),
            reached=(),
            forecast_reaches=(50,),
        ),
        services=(
            ServiceCost(
                service=name,
                month_microcents=9_000_000_000,
                newest_day="2026-11-21",
                newest_microcents=1,
                origin="export",
            ),
        ),
        variances=(
            Variance(
                service=name,
                day="2026-11-21",
                amount_microcents=2_000_000,
                expected_microcents=1_000_000,
                variance_basis_points=10_000,
                basis=name,
            ),
        ),
        recommendations=(
            Recommendation(
                kind="logs",
                title=name,
                saving_cents=120,
                spent_cents=400,
                source="export",
                condition="nobody reads them",
            ),
        ),
    )


class HeldAutomation:
    """As much of the automation as pages read."""

    def __init__(self, held: Policy) -> None:
        self.policy = held


def attempts(name: str) -> list[PaymentAttempted]:
    """A hundred payments of the last minutes: ten declined for this reason, one failed."""
    return [
        PaymentAttempted(
            id=f"evt-{number}",
            at_ms=NOW_MS - 1000 * number,
            subject=f"pay_{number}",
            rail="card",
            outcome="declined" if number % 10 == 3 else "failed" if number == 7 else "succeeded",
            amount_cents=1_000,
            decline_code=name if number % 10 == 3 else "",
            error_code="release_fault" if number == 7 else "",
            fraud_score=number * 9,
            scored=number != 50,
        )
        for number in range(100)
    ]


@cache
def packaged() -> Configuration:
    """As it is shipped."""
    return load_configuration(None, {})


async def full_house(
    folder: Path, name: str = "203.0.113.7", clock: FakeClock | None = None
) -> tuple[FakeView, HttpOptions]:
    """The bad canary's story with everything beside it. name: stands wherever the world may put a text of its own."""
    view, configuration = bad_canary(), packaged()
    view.clock = view.clock if clock is None else clock
    view.attempts = attempts(name)
    listed = ActionState(
        decision_id="d-9",
        sequence=7,
        action="block.fingerprint",
        target=name,
        key="k-9",
        arguments={},
        cause_at_ms=NOW_MS - 50_000,
        decided_at_ms=NOW_MS - 50_000,
        called_at_ms=NOW_MS - 49_000,
        status=OutcomeStatus.VERIFIED,
    )
    view.folded = msgspec.structs.replace(
        view.folded,
        hash=view.entries[-1].hash,
        actions={**view.folded.actions, "d-9": listed},
        public=said_outside(name),
    )
    flags = await flag_house()
    await flags.done(FlagChange.RAMP, "payouts", variant="off")
    await flags.done(FlagChange.KILL, "processor")
    flags.reports(name)
    capacity = await House(folder, policy(component())).begin()
    await capacity.tick(2, utilization=0.4)
    incidents = await incident_world()
    outside = await public_world()
    await outside.page.step()
    books = BooksWatch(Books(name), view.clock, lambda: None)
    await books.refresh()
    running = running_at("watch-5", gate(name, GateState.WAITING), gate("sound"), gate("bad", GateState.BREACHED))
    told = replace(
        options(view),
        deployments=cast("DeploymentDesk", Desk(running)),
        flags=flags.parts,
        scaling=capacity.desk,
        incidents=incidents.parts,
        public=outside.parts,
        automation=cast("Automation", HeldAutomation(configuration.policy)),
        books=books,
        costs=Costs(name),
        prices=configuration.prices,
        fraud=configuration.fraud.value,
        duties=lambda: standings(name),
        ledger=lambda: LedgerStatus(balanced=True, entries=20_412, checked_at_ms=NOW_MS - 41_000, journals=10_206),
    )
    return view, told


def said_outside(name: str) -> PublicBook:
    """Words that wait, words that were published, and a letter that one of two contacts never gets."""
    update = StatusProposed(
        subject_id="inc-4", kind="payment-failures", phase="identified", impact="outage", title=name, text=name
    )
    letter = CommunicationProposed(
        subject_id="inc-4", kind="payment-failures", letter=name, audience=name, subject=name, body=name
    )
    told = UpdateState(id="upd-6", said=update, by=name, at_ms=NOW_MS - 9_000)
    sent = LetterState(
        id="com-7",
        said=letter,
        by="daemon",
        at_ms=NOW_MS - 7_000,
        standing=Told.FAILED,
        contacts=("a/0", "a/1"),
        sent=("a/0",),
        failed=("a/1",),
        detail=name,
        answered_by=name,
    )
    published = msgspec.structs.replace(
        told, id="upd-5", standing=Told.DONE, answered_by=name, answered_at_ms=NOW_MS - 8_000, why=name
    )
    return PublicBook(updates={"upd-5": published, "upd-6": told}, letters={"com-7": sent})


def standings(name: str) -> Sequence[Standing]:
    """One duty that ran, one that is late, one that never did."""
    return [
        Standing(name, 5.0, NOW_MS - 3_000, NOW_MS - 2_990, NOW_MS + 2_000, 12),
        Standing("ledger", 30.0, NOW_MS - 200_000, NOW_MS - 199_000, NOW_MS + 9_000, 3),
        Standing("prune", 60.0),
    ]


def broken_ledger() -> LedgerStatus:
    """A cent is missing."""
    wrong = LedgerViolation(invariant="I3", subject="bank USD", detail="the stored debits differ", difference_cents=-1)
    return LedgerStatus(
        balanced=False,
        entries=4,
        checked_at_ms=NOW_MS - 1_000,
        violations=("the stored debits differ",),
        wrong=(wrong,),
    )
