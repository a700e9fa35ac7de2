"""Flag documents as the daemon seals them, and what a process is that takes them over."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from payment_core.audit.signing import Ed25519Signer
from payment_core.flags import Evaluator, compile_document
from payment_core.flags.arriving.keeping import Keeping
from payment_core.flags.arriving.taking_over import TakingOver
from payment_core.flags.declared import DeclaredFlag
from payment_core.flags.envelope import checkers_of, seal
from payment_core.flags.serving import Flags, Serving

NOW_MS = 1_795_459_572_000
SIGNER = Ed25519Signer(b"d" * 32)
OTHER = Ed25519Signer(b"o" * 32)
KEYS = checkers_of([SIGNER.public_key])
SWITCH = DeclaredFlag("switch", "off", ("on", "off"))


class HandClock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> float:
        return float(self.at_ms)


def document(variant: str = "on", key: str = "switch", **metadata: object) -> bytes:
    """One flag that is this variant for everybody."""
    flag = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": variant}
    return msgspec.json.encode({"flags": {key: {**flag, "metadata": {"safe_default": "off", **metadata}}}})


PACKAGED = document("on")


def sealed(version: int, variant: str = "on", *, signer: Ed25519Signer = SIGNER, issued_at_ms: int = NOW_MS) -> bytes:
    """An envelope of this version."""
    return seal(document(variant, note=version), version=version, issued_at_ms=issued_at_ms, signer=signer)


def compiled(body: bytes, previous: Evaluator | None) -> Evaluator:
    return compile_document(body, previous=previous)


class Process:
    """One process over a folder; another one over the same folder is what it is after a restart."""

    def __init__(self, folder: Path | None, clock: HandClock, keys: Mapping[str, object] = KEYS) -> None:
        self.clock = clock
        self.flags = Flags(clock)
        self.taking_over = TakingOver(
            flags=self.flags,
            keys=keys,  # type: ignore[arg-type]  # checkers
            keeping=None if folder is None else Keeping(folder / "flags.json"),
            compiling=compiled,
            clock=clock,
        )

    @property
    def version(self) -> int:
        return self.flags.serving.version

    @property
    def ignored(self) -> dict[str, int]:
        return dict(self.flags.counts.ignored)

    async def offer(self, *bodies: bytes) -> None:
        await self.taking_over.offer(bodies, "mqtt")


async def started(folder: Path | None, clock: HandClock | None = None) -> Process:
    """A process that serves what it found."""
    process = Process(folder, HandClock() if clock is None else clock)
    await process.taking_over.start(PACKAGED)
    return process


def flags_with_a_past() -> Flags:
    """Flags of which everything is known that can be: a document was taken over from a broker."""
    flags = Flags(HandClock())
    flags.serve(Serving(evaluator=None, version=1, issued_at_ms=NOW_MS, applied_at_ms=NOW_MS, source="mqtt"))
    flags.counts.connected, flags.counts.lag_ms = True, 0
    return flags
