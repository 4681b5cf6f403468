"""The page's files, read once: HTML, style, scripts, and plotly.js out of its own package."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

SCRIPTS = (
    "algebra.js", "source.js", "theme.js", "matrices.js", "curves.js", "bloch.js", "export.js",
    "controls.js", "compare.js", "app.js",
)  # fmt: skip
"""In the order they are loaded: each uses what stands before it."""
PLOTLY = "plotly.min.js"
KINDS = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
TAG = re.compile(r'<script src="([\w.]+)" defer></script>|<link rel="stylesheet" href="([\w.]+)">')

POLICY = (
    "default-src 'none'; script-src {code}; style-src {style}; img-src data: blob:; "
    "connect-src {talk}; font-src data:; base-uri 'none'; form-action 'none'"
)
"""What a browser may load for the page: nothing that is not the page's own."""


@cache
def page_file(name: str) -> str:
    """One of the page's own files, or plotly.js from the installed package."""
    if name == PLOTLY:
        return (files("plotly") / "package_data" / PLOTLY).read_text(encoding="utf-8")
    return (files("qgan.page") / "assets" / name).read_text(encoding="utf-8")


def live_files() -> dict[str, tuple[str, bytes]]:
    """All that the server serves, in memory: by address, the kind and the bytes."""
    found = {"/": ("text/html", page_file("index.html").encode())}
    for name in ("page.css", PLOTLY, *SCRIPTS):
        kind = KINDS[name.rpartition(".")[2]]
        found[f"/{name}"] = (kind, page_file(name).encode())
    return found


def live_policy() -> str:
    """The content security policy of the live page."""
    return POLICY.format(code="'self'", style="'self' 'unsafe-inline'", talk="'self'")


def one_file(data: dict[str, Any]) -> str:
    """The page with everything in it, to be opened from a disk: style, scripts and data.

    Args:
        data: what the scripts find as ``window.qganData``.
    """
    policy = POLICY.format(code="'unsafe-inline'", style="'unsafe-inline'", talk="'none'")
    # `<` never stands in the data, so that no text of the user's can end the script.
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    carried = f"<script>window.qganData = {text};</script>"

    def inline(tag: re.Match[str]) -> str:
        if tag[2]:
            return f"<style>\n{page_file(tag[2])}</style>"
        return "<script>\n" + page_file(tag[1]).replace("</script", "<\\/script") + "</script>"

    page, scripts, found = page_file("index.html"), [], TAG.search
    assert found(page) is not None
    style = TAG.sub(lambda tag: inline(tag) if tag[2] else "", page)
    scripts = [inline(tag) for tag in TAG.finditer(page) if tag[1]]
    style = style.replace("<head>", f"<head>\n{head}", 1)
    # Scripts that stand in the page run when met: they come last, after what they look for.
    return style.replace("</body>", "\n".join([carried, *scripts]) + "\n</body>", 1)
