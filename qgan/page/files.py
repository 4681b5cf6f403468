"""The files of the page: HTML, style, scripts, and plotly.js from the installed package."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["live_files", "live_policy", "one_file", "page_file"]

SCRIPTS = (
    "algebra.js", "source.js", "theme.js", "matrices.js", "curves.js", "bloch.js", "export.js",
    "controls.js", "compare.js", "app.js",
)  # fmt: skip
"""The scripts in the order in which they are loaded: each uses those before it."""
PLOTLY = "plotly.min.js"
KINDS = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
TAG = re.compile(r'<script src="([\w.]+)" defer></script>|<link rel="stylesheet" href="([\w.]+)">')

POLICY = (
    "default-src 'none'; script-src {code}; style-src {style}; img-src data: blob:; "
    "connect-src {talk}; font-src data:; base-uri 'none'; form-action 'none'"
)
"""What a browser may load for the page: only files of the page itself."""


@cache
def page_file(name: str) -> str:
    """One of the page's own files, or plotly.js from the installed package."""
    if name == PLOTLY:
        return (files("plotly") / "package_data" / PLOTLY).read_text(encoding="utf-8")
    return (files("qgan.page") / "assets" / name).read_text(encoding="utf-8")


def live_files() -> dict[str, tuple[str, bytes]]:
    """All files that the server sends: for each address the media type and the bytes."""
    pages = {"/": ("text/html", page_file("index.html").encode())}
    for name in ("page.css", PLOTLY, *SCRIPTS):
        kind = KINDS[name.rpartition(".")[2]]
        pages[f"/{name}"] = (kind, page_file(name).encode())
    return pages


def live_policy() -> str:
    """The content security policy of the live page."""
    own = POLICY.format(code="'self'", style="'self' 'unsafe-inline'", talk="'self'")
    return own + "; frame-ancestors 'none'"


def one_file(data: dict[str, Any]) -> str:
    """The page as one HTML text with style, scripts and data, to be opened from a disk.

    Args:
        data: plain data, which the scripts find as ``window.qganData``.

    Returns:
        The text.
    """
    policy = POLICY.format(code="'unsafe-inline'", style="'unsafe-inline'", talk="'none'")
    # Each `<` in the data is escaped, so that no text of a user can end the script.
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    data_script = f"<script>window.qganData = {text};</script>"

    def inline(tag: re.Match[str]) -> str:
        if tag[2]:
            return f"<style>\n{page_file(tag[2])}</style>"
        return "<script>\n" + page_file(tag[1]).replace("</script", "<\\/script") + "</script>"

    page = page_file("index.html")
    assert TAG.search(page) is not None
    style = TAG.sub(lambda tag: inline(tag) if tag[2] else "", page)
    scripts = [inline(tag) for tag in TAG.finditer(page) if tag[1]]
    style = style.replace("<head>", f"<head>\n{head}", 1)
    # A script in the page runs as soon as it is read, so that scripts come after what they use.
    return style.replace("</body>", "\n".join([data_script, *scripts]) + "\n</body>", 1)
