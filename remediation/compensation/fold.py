"""Folds entries about putting payments right into what is known of them."""

from msgspec.structs import replace

from remediation.compensation.state import COMPENSATIONS_MAX, CompensationState, FixState
from remediation.journal.aftermath_kinds import CompensationBegun, CompensationEnded, CompensationListed

Known = dict[str, CompensationState]


def with_compensation(
    known: Known, said: CompensationListed | CompensationBegun | CompensationEnded, at_ms: int
) -> Known:
    """What is known after one more entry; one about a release that was never listed moves nothing."""
    match said:
        case CompensationListed():
            return _listed(known, said, at_ms)
        case CompensationBegun():
            return _fixed(known, said.deployment_id, said.payment_id, FixState(begun_at_ms=at_ms))
        case CompensationEnded():
            begun = known[said.deployment_id].fixes.get(said.payment_id) if said.deployment_id in known else None
            begun_at_ms = 0 if begun is None else begun.begun_at_ms
            fix = FixState(begun_at_ms=begun_at_ms, ended=True, done=said.done, detail=said.detail)
            return _fixed(known, said.deployment_id, said.payment_id, fix)


def _listed(known: Known, said: CompensationListed, at_ms: int) -> Known:
    before = known.get(said.deployment_id)
    kept = {name: one for name, one in known.items() if name != said.deployment_id}
    kept[said.deployment_id] = CompensationState(
        deployment_id=said.deployment_id,
        digest=said.digest,
        listed_at_ms=at_ms,
        payments=said.payments,
        beyond=said.beyond,
        # What ended without effect may be approved again; what was done or is under way stays.
        fixes={} if before is None else {name: fix for name, fix in before.fixes.items() if fix.done or not fix.ended},
    )
    while len(kept) > COMPENSATIONS_MAX:
        del kept[next(iter(kept))]
    return kept


def _fixed(known: Known, deployment_id: str, payment_id: str, fix: FixState) -> Known:
    listed = known.get(deployment_id)
    if listed is None:
        return known
    return {**known, deployment_id: replace(listed, fixes={**listed.fixes, payment_id: fix})}
