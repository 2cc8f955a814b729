"""Draw tour.png, the picture of the tour: python docs/dev/draw_tour.py [FILE]."""

import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from PIL import Image

import apical
from apical.plan import compile
from apical.plan.explain import STEP_ORDER

INK, GREY, PALE = "#1d2733", "#5f6b7a", "#f4f6f9"
COLOURS = ("#0b6e99", "#3d7a4a", "#b5541c", "#5b4a99")
WIDTH, GAP, TOP, BOTTOM = 2.55, 0.66, 6.62, 2.72
SHORT = (
    "deliver events that\nare due by mid-step",
    "currents and\nconductances at v(t)",
    "implicit Euler on\nevery tree → v(t + dt)",
    "pools, then gates\nand synapses",
    "sample dipole\nand recordings",
    "upward crossing\nof threshold: spike",
)
CARDS = (
    ("Network", "what it is", "frozen, validated values", (
        "cells: sections, channels", "channels: text of equations", "populations, projections",
        "drives, clamps, recordings"), "model/  equations/  library/"),
    ("Plan", "as arrays", "read-only, per cell type", (
        "trees of nodes, programs", "connections, dead ones dropped",
        "events of one trial's drives", "start: as given, or at rest"), "plan/  start.py"),
    ("Engine", "advances it", "one contract, two engines", (
        "reference: plain NumPy", "cpu: kernels made from the", "  equations, 16 cells abreast",
        "spikes exchanged by windows"), "engines/"),
    ("Result", "what came out", "labelled, with units", (
        "dipole (trial, population, time)", "spikes, recordings", "provenance, the model itself",
        "one netCDF file"), "result.py  io/"),
)  # fmt: skip


def main(path: Path) -> None:
    figure = Figure(figsize=(12.6, 7.0))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 12.6), ylim=(0, 7.0))
    ax.axis("off")
    for k, card in enumerate(CARDS):
        draw_card(ax, 0.24 + k * (WIDTH + GAP), COLOURS[k], *card)
    for k, (verb, file) in enumerate(
        (("compile", "plan/plan.py"), ("run", "engines/base.py"), ("label", "simulate.py"))
    ):
        draw_arrow(ax, 0.24 + WIDTH + k * (WIDTH + GAP), verb, file)
    network = apical.models.erp()
    draw_cell(ax, 0.24, network)
    draw_nodes(ax, 0.24 + WIDTH + GAP, network)
    draw_lanes(ax, 0.24 + 2 * (WIDTH + GAP))
    draw_waveform(ax, 0.24 + 3 * (WIDTH + GAP), network)
    draw_step(ax)
    drawn = BytesIO()
    figure.savefig(drawn, dpi=150, facecolor="white")
    # flat colours: a palette makes the file a third
    Image.open(drawn).convert("RGB").quantize(192).save(path, optimize=True)


def draw_card(ax, x, colour, title, what, how, lines, files) -> None:
    box = "round,pad=0,rounding_size=0.09"
    height = TOP - BOTTOM
    ax.add_patch(FancyBboxPatch((x, BOTTOM), WIDTH, height, box, fc=PALE, ec=colour, lw=1.4))
    ax.text(x + 0.16, TOP - 0.30, title, size=15, weight="bold", color=colour, va="center")
    ax.text(x + WIDTH - 0.16, TOP - 0.30, what, size=10, color=GREY, va="center", ha="right")
    ax.text(x + 0.16, BOTTOM + 1.52, how, size=9.5, color=INK, weight="bold", va="center")
    for k, line in enumerate(lines):
        ax.text(x + 0.16, BOTTOM + 1.25 - 0.225 * k, line, size=9, color=INK, va="center")
    ax.text(x + 0.16, BOTTOM + 0.22, files, size=8.5, color=colour, va="center", family="monospace")


def draw_arrow(ax, x, verb, file) -> None:
    y = 4.75
    arrow = FancyArrowPatch(
        (x + 0.06, y), (x + GAP - 0.06, y), arrowstyle="-|>", mutation_scale=16, color=INK, lw=1.8
    )
    ax.add_patch(arrow)
    ax.text(x + GAP / 2, y + 0.20, verb, size=10.5, style="italic", color=INK, ha="center")
    folder, _, name = file.rpartition("/")
    shown = f"{folder}/\n{name}" if folder else name
    ax.text(
        x + GAP / 2,
        y - 0.16,
        shown,
        size=6.5,
        color=GREY,
        ha="center",
        va="top",
        family="monospace",
    )


def _place(x, network):
    """Return a function from a point of the cell (µm) to the picture of a card."""
    cell = network.cells["L5_pyramidal"]
    ends = np.array([p for s in cell.sections.values() for p in (s.start, s.end)])
    low, high = ends[:, 2].min(), ends[:, 2].max()
    scale = 1.62 / (high - low)
    return lambda p: (x + 0.86 + 1.9 * scale * p[0], 4.48 + scale * (p[2] - low))


def draw_cell(ax, x, network) -> None:
    at = _place(x, network)
    for name, s in network.cells["L5_pyramidal"].sections.items():
        (x0, y0), (x1, y1) = at(s.start), at(s.end)
        width = 9 if name == "soma" else 0.8 + 0.38 * s.diam
        ax.plot([x0, x1], [y0, y1], color=COLOURS[0], lw=width, solid_capstyle="round")
    for k, text in enumerate(("dn/dt = (n$_\\infty$ − n)/τ", "ik = gbar·n$^4$·(v − ek)")):
        ax.text(x + 1.14, 5.66 - 0.22 * k, text, size=8, color=GREY, va="center")


def draw_nodes(ax, x, network) -> None:
    plan = compile(network, 1.0)
    tree = plan.populations[-1].cell.tree
    sections = network.cells["L5_pyramidal"].sections
    at = _place(x, network)
    points = []
    for node in range(tree.nodes):
        s = sections[tree.sections[tree.section[node]]]
        start, end = np.array(s.start), np.array(s.end)
        points.append(at(start + (end - start) * tree.x[node]))
    for node, parent in enumerate(tree.parent):
        if parent >= 0:
            ax.plot(*zip(points[parent], points[node], strict=True), color="0.75", lw=0.9, zorder=2)
    for node, (px, py) in enumerate(points):
        full = node < tree.compartments
        ax.plot(
            px, py, "o", ms=3.4 if full else 2.6, mfc=COLOURS[1] if full else "white",
            mec=COLOURS[1], mew=0.8, zorder=3,
        )  # fmt: skip
    for k, text in enumerate(("compartment", "section end")):
        y = 5.66 - 0.21 * k
        ax.plot(x + 1.20, y, "o", ms=4, mfc=(COLOURS[1], "white")[k], mec=COLOURS[1], mew=0.8)
        ax.text(x + 1.34, y, text, size=8, color=GREY, va="center")


def draw_lanes(ax, x) -> None:
    left, low, rows, lanes = x + 0.52, 4.60, 9, 16
    size = 0.098
    shades = np.linspace(0.25, 0.95, rows)
    for row in range(rows):
        for lane in range(lanes):
            ax.add_patch(
                FancyBboxPatch(
                    (left + lane * 0.115, low + row * 0.135), size, size,
                    "round,pad=0,rounding_size=0.015", fc=COLOURS[2], ec="none", alpha=shades[row],
                )
            )  # fmt: skip
    ax.text(left + 0.92, low + rows * 0.135 + 0.11, "16 cells →", size=8, color=GREY, ha="center")
    ax.text(
        left - 0.12, low + rows * 0.135 / 2, "voltages, states →", size=8, color=GREY, rotation=90,
        ha="center", va="center",
    )  # fmt: skip


def draw_waveform(ax, x, network) -> None:
    shown = apical.simulate(network, 170, seed=1).smooth(30).scale(3000)
    total = shown.total()
    time, values = total["time"].values[::20], total.values[0, ::20]
    left, width, middle = x + 0.22, WIDTH - 0.44, 5.16
    ax.plot([left, left + width], [middle, middle], color="0.8", lw=0.8)
    ax.plot(
        left + width * time / time[-1], middle + 0.62 * values / np.abs(values).max(),
        color=COLOURS[3], lw=2,
    )  # fmt: skip
    ax.text(left, 5.95, "dipole (nAm)", size=8, color=GREY)
    ax.text(left + width, middle - 0.14, "time (ms)", size=8, color=GREY, ha="right", va="top")


def draw_step(ax) -> None:
    left, right, y = 0.24, 12.36, 1.28
    assert len(SHORT) == len(STEP_ORDER)
    ax.text(
        left,
        2.24,
        "One step of dt, alike in every engine",
        size=12,
        weight="bold",
        color=COLOURS[2],
    )
    ax.text(
        right, 2.24, "plan/explain.py: STEP_ORDER", size=8.5, color=GREY, ha="right",
        family="monospace",
    )  # fmt: skip
    gap = 0.24
    width = (right - left - gap * (len(SHORT) - 1)) / len(SHORT)
    for k, text in enumerate(SHORT):
        x = left + k * (width + gap)
        ax.add_patch(
            FancyBboxPatch(
                (x, y - 0.42), width, 1.08, "round,pad=0,rounding_size=0.07", fc="white",
                ec=COLOURS[2], lw=1.1,
            )
        )  # fmt: skip
        ax.text(
            x + 0.13, y + 0.44, str(k + 1), size=11, weight="bold", color=COLOURS[2], va="center"
        )
        ax.text(x + width / 2, y + 0.04, text, size=8.8, color=INK, ha="center", va="center")
        if k:
            arrow = FancyArrowPatch(
                (x - gap + 0.02, y + 0.12), (x - 0.02, y + 0.12), arrowstyle="-|>",
                mutation_scale=10, color=COLOURS[2], lw=1.1,
            )  # fmt: skip
            ax.add_patch(arrow)
    back = y - 0.42
    ax.plot(
        [right - width / 2, right - width / 2, left + width / 2], [back, back - 0.30, back - 0.30],
        color=GREY, lw=1.1,
    )  # fmt: skip
    ax.add_patch(
        FancyArrowPatch(
            (left + width / 2, back - 0.31), (left + width / 2, back), arrowstyle="-|>",
            mutation_scale=10, color=GREY, lw=1.1, shrinkA=0,
        )
    )  # fmt: skip
    ax.text(
        (left + right) / 2, back - 0.30, " t ← t + dt; spikes arrive after their delay ", size=8.6,
        color=GREY, ha="center", va="center", bbox={"fc": "white", "ec": "none", "pad": 1},
    )  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("tour.png"))
