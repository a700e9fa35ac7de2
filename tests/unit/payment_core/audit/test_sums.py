"""Sums of states come out the same for rows and documents exactly when each document is as its rows left it."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.audit.sums import DocumentSums, bucket_of, unpacked
from payment_core.store.trail import GENESIS, AuditRow, GrowingHash, journals_sha256, sha256_of
from tests.unit.payment_core.audit.audit_world import REGISTRY, Order, step
from tests.unit.payment_core.ledger.ledger_world import BOOKED


def rows_of(documents: list[Order]) -> list[AuditRow]:
    """As the stores write them."""
    stored: dict[str, bytes] = {}
    rows = []
    for number, document in enumerate(documents, 1):
        body = REGISTRY.encode(document)
        rows.append(
            AuditRow(
                shard=0,
                sequence=number,
                at_ms=number,
                actor="key:1",
                kind="order",
                id=document.id,
                version=document.version,
                before_sha256=sha256_of(stored[document.id]) if document.id in stored else "",
                after_sha256=sha256_of(body),
                journals_sha256="",
                previous_sha256=GENESIS,
            )
        )
        stored[document.id] = body
    return rows


def stored_sums(documents: list[Order]) -> DocumentSums:
    sums = DocumentSums()
    for document in {document.id: document for document in documents}.values():
        sums.store("order", document.id, REGISTRY.encode(document))
    return sums


@settings(max_examples=30)
@given(st.integers(1, 40), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(count: int, random: "object") -> None:
    documents = [step(number) for number in range(count)]
    rows = rows_of(documents)
    random.shuffle(rows)  # type: ignore[attr-defined]  # a Random
    sums = DocumentSums()
    for row in rows:
        sums.take(row)
    assert sums.differing(stored_sums(documents)) == frozenset()
    assert unpacked(sums.packed()).differing(sums) == frozenset()


@settings(max_examples=30)
@given(st.integers(1, 40), st.data())
def test_a_row_that_is_left_out_or_changed_is_seen_in_its_bucket(count: int, data: st.DataObject) -> None:
    documents = [step(number) for number in range(count)]
    rows = rows_of(documents)
    position = data.draw(st.integers(0, count - 1))
    change = data.draw(st.sampled_from(["out", "version", "after", "before", "twice"]))
    row = rows[position]
    if change == "out":
        del rows[position]
    elif change == "twice":
        rows.append(row)
    else:
        fields = {"version": row.version + 1} if change == "version" else {f"{change}_sha256": "00" * 32}
        rows[position] = msgspec.structs.replace(row, **fields)
    sums = DocumentSums()
    for each in rows:
        sums.take(each)
    assert sums.differing(stored_sums(documents)) == {bucket_of("order", row.id)}


def test_journals_that_are_hashed_one_after_the_other_have_the_hash_of_all() -> None:
    hashing = GrowingHash()
    assert [hashing.add(journal) for journal in BOOKED] == [
        journals_sha256(BOOKED[: count + 1]) for count in range(len(BOOKED))
    ]
