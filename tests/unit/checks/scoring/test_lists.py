"""Block and allow lists: what is hit, what has expired, and what is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts import Fact
from checks.scoring.lists import BadEntry, ListEntry, ListKind, ListName, Lists
from tests.unit.checks.scoring.fraud_facts import NOW_MS, payment, payout

UNTIL = NOW_MS + 1_000


def entry(kind: ListKind, value: str, name: ListName = "block", **more: object) -> ListEntry:
    known = {"list": name, "kind": kind, "value": value, "reason": "r", "author": "a", "expires_at_ms": UNTIL}
    return msgspec.convert(known | more, ListEntry)


@pytest.mark.parametrize(
    ("kind", "value", "fact", "hit"),
    [
        ("card", "fp", payment(method_fingerprint="fp"), True),
        ("card", "fp", payment(method_fingerprint="fq"), False),
        ("bank_account", "ba", payment(rail="ach", method_fingerprint="ba"), True),
        ("bank_account", "ba", payout(method_fingerprint="ba"), True),
        ("email", "hash", payment(email_hash="hash"), True),
        ("device", "d", payment(device_id="d"), True),
        ("device", "d", payout(device_id="d"), True),
        ("customer", "c", payment(customer_id="c"), True),
        ("customer", "c", payment(provider_id="c"), False),
        ("provider", "p", payout(provider_id="p"), True),
        ("ip", "203.0.113.7", payment(ip="203.0.113.7"), True),
        ("ip", "203.0.113.7", payment(ip="203.0.113.8"), False),
        ("ip", "203.0.113.0/24", payment(ip="203.0.113.255"), True),
        ("ip", "203.0.113.0/24", payment(ip="203.0.114.0"), False),
        ("ip", "203.0.113.0/24", payment(ip="::ffff:203.0.113.9"), True),
        ("ip", "203.0.113.0/24", payout(ip="203.0.113.9"), True),
        ("ip", "2001:db8::/32", payment(ip="2001:0DB8:0:0::1"), True),
        ("ip", "2001:db8::/32", payment(ip="2001:db9::1"), False),
        ("ip", "203.0.113.0/24", payment(ip="not an address"), False),
        ("ip", "203.0.113.0/24", payment(ip=""), False),
    ],
)
def test_an_entry_hits_what_it_names(kind: ListKind, value: str, fact: Fact, hit: bool) -> None:
    lists = Lists([entry(kind, value)])
    assert [found.value for found in lists.lookup(fact, NOW_MS)] == ([value] if hit else [])


def test_an_entry_ends_when_it_expires() -> None:
    lists = Lists([entry("device", "d"), entry("ip", "9.9.9.9"), entry("card", "f", expires_at_ms=UNTIL + 1)])
    asked = payment(device_id="d", ip="9.9.9.9", method_fingerprint="f")
    assert len(lists.lookup(asked, UNTIL - 1)) == 3
    assert [found.kind for found in lists.lookup(asked, UNTIL)] == ["card"]
    assert {gone.kind for gone in lists.expire(UNTIL)} == {"device", "ip"}
    assert [left.kind for left in lists] == ["card"]
    assert lists.expire(UNTIL) == ()


def test_a_value_can_be_on_both_lists_and_is_taken_off_each_by_itself() -> None:
    lists = Lists([entry("customer", "c"), entry("customer", "c", "allow")])
    asked = payment(customer_id="c")
    assert {found.name for found in lists.lookup(asked, NOW_MS)} == {"block_list_customer", "allow_list_customer"}
    assert lists.remove("block", "customer", "c")
    assert not lists.remove("block", "customer", "c")
    assert [found.list for found in lists.lookup(asked, NOW_MS)] == ["allow"]


def test_adding_a_value_again_replaces_its_entry() -> None:
    lists = Lists([entry("ip", "9.9.9.0/24", reason="old")])
    lists.add(entry("ip", "9.9.9.0/24", reason="new"))
    assert [found.reason for found in lists] == ["new"]
    assert len(lists) == 1


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (entry("ip", "203.0.113.300"), "no IP address"),
        (entry("ip", "203.0.113.7/24"), "host bits"),
        (entry("ip", "0.0.0.0/0"), "every address"),
        (entry("ip", "::/0"), "every address"),
        (entry("card", " "), "no value"),
        (entry("card", "f", author=" "), "who or why"),
        (entry("card", "f", reason=""), "who or why"),
    ],
)
def test_an_entry_that_says_nothing_or_everything_is_refused(bad: ListEntry, what: str) -> None:
    lists = Lists()
    with pytest.raises(BadEntry, match=what) as caught:
        lists.add(bad)
    assert caught.value.fix
    assert len(lists) == 0


keys = st.tuples(
    st.sampled_from(["block", "allow"]),
    st.sampled_from(["ip", "device"]),
    st.sampled_from(["9.9.9.0/24", "9.9.9.9", "9.9.0.0/16", "2001:db8::/64"]),
)


@given(st.lists(st.tuples(st.booleans(), keys), max_size=30))
def test_the_lists_hold_what_was_added_and_not_removed(
    steps: list[tuple[bool, tuple[ListName, ListKind, str]]],
) -> None:
    lists, model = Lists(), set()
    for adding, (name, kind, value) in steps:
        if adding:
            lists.add(entry(kind, value, name))
            model.add((name, kind, value))
        else:
            assert lists.remove(name, kind, value) is ((name, kind, value) in model)
            model.discard((name, kind, value))
    assert {(found.list, found.kind, found.value) for found in lists} == model
    assert len(lists) == len(model)
    hit = {(found.list, found.value) for found in lists.lookup(payment(ip="9.9.9.9"), NOW_MS)}
    assert hit == {(name, value) for name, kind, value in model if kind == "ip" and ":" not in value}
