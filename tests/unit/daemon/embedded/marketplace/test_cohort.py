"""The payments of a cohort go where its host points, and everybody else's by the weights."""

from daemon.embedded.marketplace.cohort import NamedClients
from daemon.embedded.marketplace.mix import Mix, Order
from remediation.deployment.ports import CohortRoute
from remediation.errors import WorldUnreachable
from tests.unit.remediation.worlds import FakeClock


class Source:
    """Says who is routed, and counts how often it was asked."""

    def __init__(self, cohort: str = "") -> None:
        self.route = CohortRoute(cohort=cohort, environment="green") if cohort else None
        self.reads = 0
        self.away = False

    async def read(self) -> CohortRoute | None:
        """See RouteSource."""
        self.reads += 1
        if self.away:
            raise WorldUnreachable("no route")
        return self.route


def order(number: int = 1, provider_id: str = "prv_001", *, canary: bool = False) -> Order:
    return Order(
        number=number,
        amount_cents=100,
        token="tok_visa",
        customer_id="cus_00001",
        provider_id=provider_id,
        capture_later=False,
        refund_cents=0,
        of_tester=canary,
    )


def clients(source: Source, clock: FakeClock | None = None, *addresses: str) -> NamedClients:
    return NamedClients(source, lambda _: addresses, FakeClock() if clock is None else clock)


async def test_a_merchants_payments_go_to_the_environment_and_no_other_merchants_do() -> None:
    named = clients(Source("merchant=prv_001"), None, "127.0.0.3")
    assert await named.address(order()) == "127.0.0.3"
    assert await named.address(order(provider_id="prv_002")) == ""


async def test_a_header_is_looked_at_by_name_and_value() -> None:
    assert await clients(Source("header=x-canary:1"), None, "127.0.0.3").address(order(canary=True)) == "127.0.0.3"
    assert await clients(Source("header=x-canary:2"), None, "127.0.0.3").address(order(canary=True)) == ""
    assert await clients(Source("header=x-canary:1"), None, "127.0.0.3").address(order()) == ""


async def test_several_processes_share_the_cohort_and_without_one_it_goes_by_the_weights() -> None:
    shared = clients(Source("merchant=prv_001"), None, "127.0.0.3", "127.0.1.3")
    assert {await shared.address(order(number)) for number in range(4)} == {"127.0.0.3", "127.0.1.3"}
    assert await clients(Source("merchant=prv_001")).address(order()) == ""


async def test_dns_is_asked_once_a_second_and_its_last_answer_outlives_it() -> None:
    source, clock = Source("merchant=prv_001"), FakeClock()
    named = clients(source, clock, "127.0.0.3")
    for _ in range(5):
        await named.address(order())
    assert source.reads == 1
    source.away = True
    clock.at_ms += 1_000
    assert await named.address(order()) == "127.0.0.3"
    source.away, source.route = False, None
    clock.at_ms += 1_000
    assert await named.address(order()) == ""


def test_one_customer_in_fifty_is_a_tester_of_ours_always_the_same_ones() -> None:
    mix = Mix(1)
    orders = [mix.next_order() for _ in range(5_000)]
    testers = {one.customer_id for one in orders if one.headers}
    assert 50 < sum(bool(one.headers) for one in orders) < 150
    assert not testers & {one.customer_id for one in orders if not one.headers}
