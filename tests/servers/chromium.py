"""HTML pages -> what a real Chromium makes of them at a width, in light or in dark."""

import html
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.servers.apt import need, program

LIMIT_S = 120.0
_NARROWEST = 500  # of a window; a frame within it may be narrower
_SCHEMES = {"dark": "0", "light": "1"}
_SCRIPT = Path(__file__).with_name("chromium_look.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a page looks.

    Attributes:
        width: of the view, in CSS pixels. scroll_width: of what is in it.
        text: what is visible, as it is read.
        outside: texts that stand outside of the view, or have no size.
        faint: texts whose contrast (WCAG 2.2, 1.4.3) is under 4.5, with it.
        background: of the body, as `rgb(...)`.
    """

    width: int
    scroll_width: int
    text: str
    outside: tuple[str, ...]
    faint: tuple[str, ...]
    background: str


class Chromium:
    """Opens pages without a window, each in a frame of its own that runs none of its scripts."""

    def __init__(self, directory: Path) -> None:
        need("chromium", "fonts-dejavu-core")
        self._program = program("chromium", "chromium")
        self._directory = directory

    def look_at(self, pages: Sequence[str], width: int, scheme: str) -> list[Look]:
        """Return how pages look at a width; `scheme` is light or dark."""
        frames = "".join(
            f'<iframe srcdoc="{html.escape(page)}" style="border:0;width:{width}px;height:900px">'
            "</iframe>"
            for page in pages
        )
        harness = self._directory / "harness.html"
        harness.write_text(
            '<!DOCTYPE html><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
            f"<body>{frames}<script>{_SCRIPT.read_text()}</script></body>"
        )
        dom = self._dom(harness, width, scheme)
        found = re.search(r'<pre id="looks">(.*)</pre>', dom, re.DOTALL)
        if found is None:
            raise AssertionError("Chromium did not come to the end of the page")
        return [
            Look(**{**look, "outside": tuple(look["outside"]), "faint": tuple(look["faint"])})
            for look in json.loads(html.unescape(found[1]))
        ]

    def _dom(self, page: Path, width: int, scheme: str) -> str:
        command = [
            str(self._program),
            "--headless=new",
            "--no-sandbox",  # the tests may run as root; the pages are our own
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--host-resolver-rules=MAP * ~NOTFOUND",  # whatever is asked for, nothing is loaded
            f"--user-data-dir={self._directory / 'profile'}",
            f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
            f"--window-size={max(width, _NARROWEST)},900",
            "--dump-dom",
            page.as_uri(),
        ]
        done = subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
        return done.stdout.decode()
