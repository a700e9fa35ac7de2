"""What a drill of the continuity plan found, as a document and in words."""

import msgspec

from daemon.http.words.wording import count, duration


class DrillReport(msgspec.Struct, frozen=True, kw_only=True):
    """One drill, as it is kept beside its Markdown. recovery_ms: None when payments did not go as before again."""

    drill_id: str
    scenario: str
    lost: str
    began_at_ms: int
    recovery_ms: int | None
    objective_ms: int
    attempted: int
    succeeded: int
    lost_payments: int
    lost_events: int
    balanced: bool
    ledger_entries: int
    actions: list[str]
    met: bool


def report_words(one: DrillReport) -> str:
    """One line for a terminal."""
    took = "never" if one.recovery_ms is None else f"after {duration(one.recovery_ms)}"
    kept = "kept" if one.met else "NOT KEPT"
    return (
        f"{one.scenario}: {one.lost} lost, payments as before {took} (promised within {duration(one.objective_ms)}), "
        f"{count(one.lost_payments)} payments and {count(one.lost_events)} events lost, "
        f"ledger {'balanced' if one.balanced else 'NOT BALANCED'}: {kept}"
    )


def report_markdown(one: DrillReport) -> str:
    """A page for whoever asks whether the plan holds."""
    took = "not within the drill" if one.recovery_ms is None else duration(one.recovery_ms)
    rows = [
        ("lost", one.lost),
        ("recovery time, until payments went as before", took),
        ("promised", f"within {duration(one.objective_ms)}"),
        ("payments attempted, told a success", f"{count(one.attempted)}, {count(one.succeeded)}"),
        ("payments told a success and not there afterwards", count(one.lost_payments)),
        ("events published and not taken over", count(one.lost_events)),
        ("ledger", f"{'balanced' if one.balanced else 'not balanced'}, {count(one.ledger_entries)} entries"),
        ("promise", "kept" if one.met else "not kept"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    done = "\n".join(f"- {action}" for action in one.actions) if one.actions else "- nothing"
    return f"# Continuity drill: {one.scenario}\n\n| | |\n|---|---|\n{table}\n\n## What was done by itself\n\n{done}\n"
