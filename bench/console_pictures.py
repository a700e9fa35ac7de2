"""Pictures of every page of the console, light, dark and on a phone, from a whole system on this machine."""

import argparse
import asyncio
import base64
import os
import struct
import sys
import tempfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

from playwright.async_api import APIRequestContext, Browser, Page, async_playwright
from playwright.async_api import Error as PlaywrightError

from tests.browser.console_server import CHROMIUM, QUIET_BROWSER

SCENARIO = Path(__file__).parent / "workloads" / "console-pictures.yaml"
PORT = 18_480
UNTIL_TRAFFIC_SECONDS = 300
"""From the start until the release has customers."""

VIEWS = {
    "light": (1280, 900, "light"),
    "dark": (1280, 900, "dark"),
    "phone": (390, 844, "light"),
}
"""Width, height and scheme of each picture."""

COLOURS = 128
"""Text on plain ground needs no more."""
PALETTE = 3
"""PNG's colour type."""
QUANTIZED = """async ([base64, colours]) => {
  const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
  const image = await createImageBitmap(blob);
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const kept = [...counts].sort((a, b) => b[1] - a[1]).slice(0, colours).map(([pixel]) => pixel);
  const parts = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const keptParts = kept.map(parts);
  const place = new Map(kept.map((pixel, index) => [pixel, index]));
  const nearest = (pixel) => {
    const [red, green, blue] = parts(pixel);
    let best = 0;
    let least = Infinity;
    keptParts.forEach(([r, g, b], index) => {
      const off = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (off < least) [best, least] = [index, off];
    });
    return best;
  };
  for (const pixel of counts.keys()) if (!place.has(pixel)) place.set(pixel, nearest(pixel));
  let text = '';
  for (const pixel of pixels) text += String.fromCharCode(place.get(pixel));
  return { width, height, palette: keptParts.flat(), places: btoa(text) };
}"""
"""Run in a browser's page: the picture as places in a palette."""

NAMES = {
    "overview": "/console",
    "incidents": "/console/incidents",
    "incident": "/console/incidents/{incident}",
    "communications": "/console/communications",
    "deployments": "/console/deployments",
    "deployment": "/console/deployments/{deployment}",
    "flags": "/console/flags",
    "flag": "/console/flags/automated-escrow",
    "capacity": "/console/scaling",
    "fraud": "/console/fraud",
    "ledger": "/console/ledger",
    "costs": "/console/costs",
    "rules": "/console/rules",
    "rule": "/console/rules/payment-failure-rate",
    "schedules": "/console/schedules",
    "procedures": "/console/procedures",
    "procedure": "/console/procedures/payment-failures",
    "journal": "/console/journal?kind=decision",
    "entry": "/console/journal/{entry}",
}


@dataclass(frozen=True, slots=True)
class System:
    """A running `tillwatch up`."""

    url: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What the API asks for."""
        return {"authorization": f"Bearer {self.token}", "content-type": "application/json"}


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[System]:
    """The whole system with the pictures' scenario; it ends with the block."""
    command = ["-m", "daemon", "up", "--scenario", str(SCENARIO), "--port", str(PORT), "--data-dir", str(folder)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    if process.stderr is None:
        message = "the system says nothing"
        raise RuntimeError(message)
    try:
        async for line in process.stderr:
            if line.startswith(b"traffic:"):
                break
        async with asyncio.TaskGroup() as group:
            # Nobody reads on, and a full pipe would hold it up.
            group.create_task(process.stderr.read(), name="rest of what it says")
            yield System(f"http://127.0.0.1:{PORT}", (folder / "console-token").read_text(encoding="ascii").strip())
            process.send_signal(SIGINT)
    finally:
        if process.returncode is None:
            process.send_signal(SIGINT)
        await process.wait()


async def act(api: APIRequestContext, system: System) -> None:
    """What people do in the meantime: a flag killed, another ramped, units set by hand, a silence."""
    until_ms = 60_000 * 60
    now_ms = (await (await api.get(f"{system.url}/api/v1/status", headers=system.headers)).json())["now_ms"]
    for path, body in (
        ("flags/instant-payouts/kill", {"reason": "the bank is slow"}),
        ("flags/automated-escrow/ramp", {"reason": "let people release for a while", "variant": "off"}),
        ("scaling/us-east-1/core", {"reason": "a sale at noon", "units": 2, "lasts_ms": until_ms}),
        (
            "silences",
            {
                "comment": "known, see inc-40",
                "matchers": ["rule=savings-below-98-percent"],
                "ends_at_ms": now_ms + until_ms,
            },
        ),
    ):
        answer = await api.post(f"{system.url}/api/v1/{path}", headers=system.headers, data=body)
        if not answer.ok:
            print(f"{path}: {answer.status} {(await answer.text())[:200]}", file=sys.stderr)


async def until(what: Callable[[], Awaitable[bool]], seconds: int) -> None:
    """Wait until it is so, at most so long."""
    for _ in range(seconds):
        if await what():
            return
        await asyncio.sleep(1)
    message = f"not so within {seconds} s"
    raise TimeoutError(message)


async def pictures(browser: Browser, system: System, places: dict[str, str], folder: Path) -> None:
    """Every page in every view."""
    for view, (width, height, scheme) in VIEWS.items():
        context = await browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page, canvas = await context.new_page(), await context.new_page()
        await page.goto(f"{system.url}/console/login")
        await page.fill("#token", system.token)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console")
        for name, path in NAMES.items():
            taken = await picture(page, f"{system.url}{path.format(**places)}")
            small = await made_small(canvas, taken)
            await asyncio.to_thread((folder / f"{name}-{view}.png").write_bytes, small)
            print(f"{len(small) // 1000:>4} kB  {name}-{view}.png")
        await context.close()


async def picture(page: Page, address: str) -> bytes:
    """One page, once it is live."""
    await page.goto(address, wait_until="load")
    await page.wait_for_selector('#live[data-state="live"]')
    await asyncio.sleep(1.5)
    return await page.screenshot()


async def made_small(canvas: Page, picture_bytes: bytes) -> bytes:
    """The same with a palette of COLOURS: the commonest stay as they are, each other becomes the nearest of them."""
    found = await canvas.evaluate(QUANTIZED, [base64.b64encode(picture_bytes).decode(), COLOURS])
    width, height, palette = found["width"], found["height"], bytes(found["palette"])
    places = base64.b64decode(found["places"])
    rows = b"".join(b"\0" + places[row * width : (row + 1) * width] for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    """Length, kind, body and checksum, as PNG (RFC 2083, 3.2) has it."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


async def everything(folder: Path) -> None:
    """Start, act, wait until the release has customers, and look."""
    with tempfile.TemporaryDirectory(prefix="tillwatch-pictures-") as data:
        async with started(Path(data)) as system, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=list(QUIET_BROWSER), env={**os.environ, "TZ": "UTC"}
            )
            api = await playwright.request.new_context()

            async def answers() -> bool:
                try:
                    return (await api.get(f"{system.url}/livez")).ok
                except PlaywrightError:
                    return False

            await until(answers, UNTIL_TRAFFIC_SECONDS)
            await asyncio.sleep(20)
            await act(api, system)

            async def told(what: str) -> dict[str, list[dict[str, object]]]:
                answer = await api.get(f"{system.url}/api/v1/{what}", headers=system.headers)
                return dict(await answer.json())

            async def has_customers() -> bool:
                return any(one["weight_percent"] for one in (await told("deployments"))["deployments"])

            await until(has_customers, UNTIL_TRAFFIC_SECONDS)
            incidents = (await told("incidents"))["incidents"]
            places = {
                "deployment": str((await told("deployments"))["deployments"][0]["id"]),
                "incident": str(incidents[-1]["id"]) if incidents else "inc-none",
                "entry": "12",
            }
            await pictures(browser, system, places, folder)
            await api.dispose()
            await browser.close()


def main() -> None:
    """Make them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("docs/console"))
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(everything(folder))


if __name__ == "__main__":
    main()
