"""An animated picture of latent sweeps: the density matrix, and the observables of the state."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from qgan import errors
from qgan.explore.observables import Sweep, real_band, sweep_observables
from qgan.files import check_writable, write_atomically
from qgan.page.explorer import Explorer
from qgan.pictures.canvas import (
    CURVE_COLOURS,
    DARK,
    GREY,
    SMALL,
    TEXT,
    Canvas,
    latent_name,
    open_frame,
    plain,
    set_latent_axis,
    signed_root,
    without_glyph_warnings,
)
from qgan.pictures.drawn_labels import DrawnLabels

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["save_animation"]

N_FRAMES, BETWEEN = 17, 5
"""Number of frames from one end of the range to the other, and points of a curve from one frame to
the next."""
N_POINTS = BETWEEN * (N_FRAMES - 1) + 1
PAUSE = 110
"""Milliseconds per frame."""
MOST_QUBITS = 8
"""States of more qubits are drawn reduced to their first qubits."""
WIDTH, HEIGHT = 6.4, 2.75
"""Size of the picture in inches."""
DPI, N_COLOURS = 96, 128
K_MEANS_STEPS = 3
"""Steps of k-means that improve the palette."""


def save_animation(explorer: Explorer, path: str | Path) -> str:
    """Write a GIF in which each latent of each label goes through its range and back.

    The other latents are 0. Of many labels a few are drawn, see :meth:`DrawnLabels.of`.

    Args:
        explorer: an opened run.
        path: path of the GIF.

    Returns:
        A sentence about what the file holds.

    Raises:
        QganError: if the generator has no latent, or the folder does not exist.
    """
    path, n_latent = Path(path), explorer.sampler.n_latent
    if not n_latent:
        raise errors.argument("gif", "must be of a run with a latent to sweep", "n_latent=0")
    if not path.parent.is_dir():
        raise errors.argument("gif", "must be a file in a folder that exists", path)
    check_writable(path)
    drawn = DrawnLabels.of(explorer.n_labels)
    frames = [
        frame
        for label in drawn.labels
        for axis in range(n_latent)
        for frame in _Scene(explorer, label, axis).frames()
    ]
    frames, file = _few_colours(frames), io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=PAUSE, loop=0)
    write_atomically(path, file.getvalue())
    size = path.stat().st_size / 1e6
    labels = f"{len(drawn.labels)} of " if drawn.caption else ""
    labels += f"{explorer.n_labels} labels"
    return f"{size:.1f} MB, {len(frames)} frames, {labels}, {n_latent} latents"


class _Scene:
    """The frames of one label along one latent, which share all that does not move."""

    def __init__(self, explorer: Explorer, label: int, axis: int) -> None:
        self.explorer, self.label, self.axis = explorer, label, axis
        n_latent = explorer.sampler.n_latent
        sampler = explorer.sampler
        self.kind = sampler.prior.kinds[axis]
        self.sweep = sweep_observables(sampler.exact_states, label, sampler.prior, axis, N_POINTS)
        states = self.sweep.states
        wires = range(min(MOST_QUBITS, states.n_qubits))
        states = states if len(wires) == states.n_qubits else states.reduced(list(wires))
        rho = states.density_matrix()
        self.rho = torch.stack([rho.real, rho.imag], dim=1).numpy()
        self.canvas = Canvas(WIDTH, HEIGHT)
        self.canvas.figure.set_dpi(DPI)
        name = latent_name(axis, n_latent)
        title = f"{plain(explorer.name)}: {plain(explorer.label_names[label])}, along {name}"
        self.canvas.text(0.2, 0.2, title, fontsize=TEXT + 1)
        self.images = [self._matrix(part) for part in range(2)]
        self.marks = self._curves(self.sweep, name)

    def _matrix(self, part: int) -> Any:
        axes = self.canvas.axes(0.25 + 1.75 * part, 0.7, 1.6, 1.6)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_title(("Re", "Im")[part] + r" $\rho$", fontsize=TEXT, color=DARK)
        scale = signed_root(float(np.abs(self.rho).max()))
        return axes.imshow(self.rho[0, part], cmap="RdBu", norm=scale, interpolation="nearest")

    def _curves(self, sweep: Sweep, name: str) -> list[Any]:
        chain = self.explorer.collective()
        height = 1.9 / len(chain)
        bands = None
        if self.explorer.real:
            bands = real_band(self.explorer.real[self.label].states)
        marks = []
        for k, observable in enumerate(chain):
            axes = open_frame(self.canvas.axes(4.6, 0.4 + k * height, 1.65, height - 0.08))
            values = sweep.values[:, k]
            if bands is not None:
                axes.axhspan(float(bands[0, k]), float(bands[3, k]), color=GREY, alpha=0.18, lw=0)
            axes.plot(sweep.position.numpy(), values.numpy(), color=CURVE_COLOURS[k], lw=1.6)
            marks.append(axes.plot([], [], "o", color=DARK, ms=4.5)[0])
            set_latent_axis(axes, self.kind, margin=0.03)
            axes.locator_params(axis="y", nbins=3)
            axes.tick_params(labelbottom=k == len(chain) - 1)
            axes.set_ylabel(observable.name, fontsize=SMALL, rotation=0, ha="right", va="center")
            axes.yaxis.set_label_coords(-0.27, 0.5)
        axes.set_xlabel(name, fontsize=TEXT, labelpad=1)
        return marks

    def frames(self) -> Iterator[Image]:
        """The frames from one end of the range to the other and back; an angle goes round."""
        from PIL import Image

        forward = list(range(0, N_POINTS, BETWEEN))
        for place in forward[:-1] if self.kind == "periodic" else forward + forward[-2:0:-1]:
            for part, image in enumerate(self.images):
                image.set_data(self.rho[place, part])
            for k, mark in enumerate(self.marks):
                mark.set_data([self.sweep.position[place]], [self.sweep.values[place, k]])
            drawing: Any = self.canvas.figure.canvas
            with without_glyph_warnings():
                drawing.draw()
            size = drawing.get_width_height()
            frame = Image.frombuffer("RGBA", size, bytes(drawing.buffer_rgba()))
            yield frame.convert("RGB")


def _few_colours(frames: list[Image]) -> list[Image]:
    """All frames in the same few colours, which are chosen from some of the frames together."""
    from PIL import Image

    samples = frames[:: max(1, len(frames) // 12)]
    width, height = samples[0].size
    sheet = Image.new("RGB", (width, height * len(samples)))
    for k, frame in enumerate(samples):
        sheet.paste(frame, (0, k * height))
    # Without k-means a wide grey band would take the nearest of colours that lie far apart.
    coverage = Image.Quantize.MAXCOVERAGE
    palette = sheet.quantize(N_COLOURS, coverage, kmeans=K_MEANS_STEPS, dither=Image.Dither.NONE)
    return [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
