"""CloudEvents 1.0 in structured JSON: our facts under ``com.tillwatch.<kind>``."""

import msgspec

from checks.facts import FACT_TYPE_BY_KIND, Fact
from daemon.errors import Untranslatable
from daemon.translate.envelope import cut, decode, milliseconds
from daemon.translate.message import Translation
from daemon.translate.soundness import unsound
from remediation.tracing import usable_traceparent

TYPE_PREFIX = "com.tillwatch."


class _CloudEvent(msgspec.Struct, frozen=True, gc=False):
    """The attributes of CloudEvents 1.0 section 3.1 that are read; source and id together are unique.

    traceparent: of the extension for distributed tracing, which repeats W3C Trace Context.
    """

    specversion: str
    id: str
    source: str
    type: str
    time: str = ""
    subject: str = ""
    traceparent: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


_EVENT = msgspec.json.Decoder(_CloudEvent)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FACTS = {kind: msgspec.json.Decoder(fact_type) for kind, fact_type in FACT_TYPE_BY_KIND.items()}


def translate_cloud_event(body: bytes, account_id: str = "") -> Translation:
    """The fact in an event's data. id, at_ms and subject come from the event's attributes unless data has them.

    An event of another type is ignored. account_id: a fact that names an account has to name this one, and none may
    claim a place in an outbox; empty: any may. Raises Untranslatable when the event cannot be used.
    """
    event = decode(_EVENT, body)
    if event.specversion != "1.0":
        raise Untranslatable(f"specversion is {cut(event.specversion)!r}, not '1.0'.")
    kind = event.type.removeprefix(TYPE_PREFIX)
    if kind == event.type or kind not in _FACTS:
        return Translation((), ignored=f"no translation for type {cut(event.type)!r}")
    fields = decode(_FIELDS, bytes(event.data))
    attributes: dict[str, object] = {"kind": kind, "id": f"{event.source}#{event.id}", "subject": event.subject}
    if event.time:
        attributes["at_ms"] = milliseconds(event.time, "time")
    for name, value in attributes.items():
        fields.setdefault(name, msgspec.Raw(msgspec.json.encode(value)))
    fact: Fact = decode(_FACTS[kind], msgspec.json.encode(fields))
    reason = unsound(fact)
    if reason:
        raise Untranslatable(f"{reason}.")
    account = getattr(fact, "account_id", account_id)
    if account_id and account != account_id:
        raise Untranslatable(f"It is from account {cut(account)!r}, which is not ours.")
    if account_id and fact.sequence:
        raise Untranslatable("It claims a position in the outbox of a payment core, which sends packed events alone.")
    return Translation((fact,), traceparent=usable_traceparent(event.traceparent))
