"""Figures without a window: sizes in inches, one style, and no global state of matplotlib."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from qgan.files import write_atomically
from qgan.prior import LATENT_RANGES
from qgan.text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

__all__ = [
    "BLUE", "CURVE_COLOURS", "DARK", "GREEN", "GREY", "PALE", "PURPLE", "SMALL", "TEXT",
    "VERMILLION", "Canvas", "latent_name", "open_frame", "plain", "set_latent_axis",
    "signed_root", "without_glyph_warnings",
]  # fmt: skip

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
"""The colours of Okabe and Ito, which colour-blind people can tell apart."""
CURVE_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE)
"""The colours of the curves of one panel, in their order."""
DARK, GREY, PALE = "#333333", "#777777", "#DDDDDD"
TEXT, SMALL = 9.0, 7.5
"""Sizes of text in points."""
DPI = 130
CAPTION = 0.28
"""Height of the line of a caption in inches."""


class Canvas:
    """A figure whose axes are placed in inches from its upper left corner.

    Args:
        width: width of the figure in inches.
        height: height of the figure in inches.
        caption: a line above everything else, for which the figure grows; empty for none.
    """

    def __init__(self, width: float, height: float, caption: str = "") -> None:
        # Imported late: `import qgan` must not wait for matplotlib.
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.above = CAPTION if caption else 0.0
        self.width, self.height = width, height + self.above
        self.figure: Figure = Figure(figsize=(width, self.height), dpi=DPI, facecolor="white")
        FigureCanvasAgg(self.figure)
        if caption:
            self.text(0.3, 0.16 - CAPTION, caption)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes at a place in inches from the upper left corner, below the caption."""
        bottom = self.height - self.above - top - height
        fractions = (
            left / self.width,
            bottom / self.height,
            width / self.width,
            height / self.height,
        )
        axes = self.figure.add_axes(fractions)
        axes.set_title("", y=1.0)  # or else a place for it is looked for, among all ticks
        axes.tick_params(labelsize=SMALL, length=2.5, color=GREY)
        for spine in axes.spines.values():
            spine.set_color(GREY)
            spine.set_linewidth(0.7)
        return axes

    def text(self, left: float, top: float, words: str, **style: object) -> None:
        """Write text at a place in inches from the upper left corner, below the caption."""
        look: dict[str, object] = {"fontsize": TEXT, "color": DARK, "va": "center", **style}
        place = left / self.width, 1 - (self.above + top) / self.height
        self.figure.text(*place, words, **look)  # type: ignore[arg-type]

    def save(self, path: str | Path) -> Path:
        """Write a PNG; its folder is made if it does not exist."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = io.BytesIO()
        with without_glyph_warnings():
            self.figure.savefig(picture, dpi=DPI, format="png")
        write_atomically(path, picture.getvalue())
        return path


@contextlib.contextmanager
def without_glyph_warnings() -> Iterator[None]:
    """No warning of a character that the font does not have: a box stands for it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        warnings.filterwarnings("ignore", "Matplotlib currently does not support")
        yield


def open_frame(axes: Axes) -> Axes:
    """Style axes for curves: no frame above and to the right, and a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)
    return axes


def plain(name: object, width: int = 24) -> str:
    """A user's name as one line, cut to a width, that matplotlib does not take for mathtext."""
    line = " ".join(visible(str(name)).split())
    return (line if len(line) <= width else line[: width - 1] + "…").replace("$", r"\$")


def latent_name(axis: int, n_latent: int) -> str:
    """``z`` or ``z_k``, in mathtext, counted from 0 as in code."""
    return "$z$" if n_latent == 1 else f"$z_{{{axis}}}$"


LATENT_TICKS: dict[str, tuple[list[float], list[str]]] = {
    "uniform": ([-1, -0.5, 0, 0.5, 1], ["$-1$", "$-0.5$", "0", "0.5", "1"]),
    "normal": ([-3, -2, -1, 0, 1, 2, 3], ["$-3$", "", "$-1$", "", "1", "", "3"]),
    "periodic": ([0, np.pi, 2 * np.pi], ["0", r"$\pi$", r"$2\pi$"]),
}
"""Places and names of ticks along a latent of each kind."""


def set_latent_axis(
    axes: Axes, kind: str, *, margin: float = 0.0, side: Literal["x", "y"] = "x"
) -> None:
    """Give an axis the range and the ticks of a latent.

    Args:
        axes: the axes.
        kind: the kind of the latent.
        margin: what is added at both ends, as a share of the range.
        side: which axis.
    """
    low, high = LATENT_RANGES[kind]
    room = margin * (high - low)
    places, names = LATENT_TICKS[kind]
    if side == "x":
        axes.set_xlim(low - room, high + room)
        axes.set_xticks(places, names)
    else:
        axes.set_ylim(low - room, high + room)
        axes.set_yticks(places, names)


def signed_root(scale: float) -> Normalize:
    """A scale of colours by ``sign(x) sqrt(|x| / scale)``, on which small entries can be seen."""
    from matplotlib.colors import FuncNorm

    def root(x: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.sign(x) * np.sqrt(np.abs(x)))

    def square(x: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(np.sign(x) * np.square(x))

    return FuncNorm((root, square), vmin=-scale, vmax=scale)
