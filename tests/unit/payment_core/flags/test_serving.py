"""What the code gets when it asks for a flag: its variant, and the safe one of a killed or unanswerable flag."""

import msgspec
import pytest
from structlog.testing import capture_logs

from config.load import DEFAULTS
from payment_core.flags import compile_document
from payment_core.flags.declared import DECLARED, DeclaredFlag, NormalOperation
from payment_core.flags.serving import COMPLAINT_MS, EXPERIMENTS_MAX, Flags, Serving
from tests.unit.payment_core.flags.sealed import SWITCH, HandClock, document


def serving(body: bytes | dict[str, object]) -> Flags:
    flags = Flags(HandClock())
    flags.serve(Serving(evaluator=compile_document(body, lenient=True), version=3, source="mqtt"))
    return flags


def targeted(**metadata: object) -> dict[str, object]:
    """On in France and off elsewhere."""
    rule = {"if": [{"==": [{"var": "country"}, "FR"]}, "on", "off"]}
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off", "targeting": rule}
    return {"flags": {"switch": {**flag, "metadata": {"safe_default": "off", **metadata}}}}


def test_a_flag_is_what_its_targeting_says_and_each_answer_is_counted() -> None:
    flags = serving(targeted())
    asked = [flags.enabled(SWITCH, {"country": country}) for country in ("FR", "DE", "FR")]
    assert asked == [True, False, True]
    assert flags.counts.evaluations == {("switch", "on"): 2, ("switch", "off"): 1}


def test_a_killed_flag_is_at_the_safe_default_of_the_code_whatever_else_its_document_says() -> None:
    flags = serving(targeted(killed=True))
    assert not flags.enabled(SWITCH, {"country": "FR"})
    assert (flags.counts.safe_defaults, flags.missing()) == ({}, ()), "a kill is an answer, and nothing to page about"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (document("on", key="another"), "FLAG_NOT_FOUND"),
        (document("on").replace(b'"on":true', b'"yes":true').replace(b':"on"', b':"yes"'), "UNKNOWN_VARIANT"),
        (document("on").replace(b"ENABLED", b"DISABLED"), "UNKNOWN_VARIANT"),
    ],
)
def test_without_a_usable_answer_a_flag_is_at_its_safe_default_and_that_is_counted(body: bytes, why: str) -> None:
    flags = serving(body)
    assert not flags.enabled(SWITCH, {})
    assert flags.counts.safe_defaults == {("switch", why): 1}
    assert flags.missing() == ("switch",)


def test_before_any_document_every_flag_is_at_its_safe_default() -> None:
    flags = Flags(HandClock())
    assert {key: flags.variant(flag, {}) for key, flag in DECLARED.items()} == {
        "payment-processor": "off",
        "fraud-detector": "review",
        "direct-ach-transfers": "off",
        "automated-escrow": "off",
        "instant-payouts": "off",
        "card-testing-challenge": "on",
        "migration-cut-over": "old",
    }


def test_safe_defaults_are_logged_once_a_minute_and_flag_and_forgotten_a_minute_after_the_last() -> None:
    clock = HandClock()
    flags = Flags(clock)
    other = DeclaredFlag("other", "off", ("on", "off"))
    with capture_logs() as logs:
        for _ in range(5):
            flags.enabled(SWITCH, {})
            flags.enabled(other, {})
        clock.at_ms += COMPLAINT_MS
        flags.enabled(SWITCH, {})
    assert [line["flag"] for line in logs] == ["switch", "other", "switch"]
    assert flags.missing() == ("other", "switch")
    clock.at_ms += COMPLAINT_MS
    assert flags.missing() == ("switch",)
    clock.at_ms += 1
    assert flags.missing() == ()


def test_exposures_are_of_experiments_alone_and_never_of_killed_ones() -> None:
    def flag(**metadata: object) -> dict[str, object]:
        variants = {"on": True, "off": False}
        safe = {"safe_default": "off", **metadata}
        return {"state": "ENABLED", "variants": variants, "defaultVariant": "on", "metadata": safe}

    experiments = {f"e{number}": flag(experiment=True) for number in range(EXPERIMENTS_MAX + 2)}
    others = {"plain": flag(), "dead": flag(experiment=True, killed=True), "odd": flag(experiment="true")}
    flags = serving({"flags": {**others, **experiments}})
    assert flags.exposures({}) == tuple(f"e{number}=on" for number in range(EXPERIMENTS_MAX))
    assert Flags(HandClock()).exposures({}) == ()


def test_normal_operation_is_what_the_packaged_document_says() -> None:

    flags = serving((DEFAULTS / "flags.json").read_bytes())
    packaged = {key: flags.variant(flag, {"targetingKey": "cus_1"}) for key, flag in DECLARED.items()}
    assert packaged == {key: NormalOperation().variant(flag, {}) for key, flag in DECLARED.items()}
    assert flags.counts.safe_defaults == {}


def test_the_packaged_document_and_the_code_mean_the_same_flags_variants_and_safe_defaults() -> None:

    packaged = msgspec.json.decode((DEFAULTS / "flags.json").read_bytes())["flags"]
    assert packaged.keys() == DECLARED.keys()
    for key, flag in DECLARED.items():
        assert set(packaged[key]["variants"]) == set(flag.variants)
        assert packaged[key]["metadata"]["safe_default"] == flag.safe
