"""Source code of a cell type's driver: one function that advances groups of cells.

The driver takes three containers, so that its signature does not depend on the model:
`ints` (sizes and row offsets), `scalars` and `arrays` (parameters across lanes), and slices them.
"""

from __future__ import annotations

from dataclasses import dataclass

from apical.engines.cpu.generate import HEADER, MechanismCode
from apical.engines.cpu.layout import LANES

#: Arguments of every driver, in order.
ARGUMENTS = (
    "block", "first_group", "last_group", "first_step", "steps", "dt", "nodes", "compartments",
    "parent", "axial", "order", "area", "base", "offsets", "counts", "runs", "run_start",
    "nodes_of", "node_start", "parameters", "parameter_start", "scalars", "scalar_start", "tables",
    "table_start", "event_step", "event_lane", "event_mechanism", "event_instance",
    "event_weight", "event_start", "clamp_lane", "clamp_node", "clamp_amplitude", "clamp_first",
    "clamp_last", "clamp_start", "weights", "has_dipole", "dipoles", "spike_node", "threshold",
    "spike_step", "spike_lane", "spike_count", "membrane_row", "has_membrane", "record_index",
    "record_every", "record_place", "record_start", "recorded",
)  # fmt: skip


@dataclass(frozen=True)
class Driven:
    """One mechanism of a driver: its code, the module it was generated into, and its links.

    Parameters
    ----------
    code : MechanismCode
    module : str
        Name of the generated module.
    ions : tuple of str
        Ion currents it adds to that some pool reads.
    """

    code: MechanismCode
    module: str
    ions: tuple[str, ...]


def driver_source(mechanisms: list[Driven], outputs: list[str], ions: list[str]) -> str:
    """Return the file of one cell type's set of mechanisms.

    Parameters
    ----------
    mechanisms : list of Driven
        In the order in which states advance: pools, channels, receptors.
    outputs, ions : list of str
        Pool outputs and ion currents; their rows follow the states' in `offsets`.
    """
    writer = _Writer(mechanisms, outputs, ions)
    imports = [
        f"from {m.module} import {what} as {what}_{k}"
        for k, m in enumerate(mechanisms)
        for what in _functions(m.code)
    ]
    body = "\n".join(f"    {line}" for line in writer.body())
    head = f"@njit(**OPTIONS)\ndef advance({', '.join(ARGUMENTS)}):\n"
    return HEADER + "\n".join(imports) + "\n\n\n" + head + body + "\n"


def _functions(code: MechanismCode) -> list[str]:
    names = ["currents", "advance"]
    names += ["outputs"] if code.program.outputs else []
    return names + (["event"] if code.program.events else [])


class _Writer:
    def __init__(self, mechanisms: list[Driven], outputs: list[str], ions: list[str]) -> None:
        self.mechanisms, self.outputs, self.ions = mechanisms, outputs, ions

    def body(self) -> list[str]:
        return [
            *self._unpack(),
            "for group in range(first_group, last_group):",
            *_in(1, self._group()),
        ]

    def _unpack(self) -> list[str]:
        """Slices that are alike for every group."""
        lines = [
            f"L = {LANES}",
            "size = nodes*L",
            "current, conductance = np.empty(size), np.empty(size)",
            "diagonal, right = np.empty(size), np.empty(size)",
            "widest = 0",
            "for k in range(counts.shape[0]):",
            "    widest = max(widest, counts[k])",
            "here, there = np.empty(widest*L), np.empty(widest*L)",
            "local = np.empty(widest*L)",
            "before = np.empty(L)",
        ]
        for k, m in enumerate(self.mechanisms):
            lines += [f"n{k} = counts[{k}]", f"runs{k} = runs[run_start[{k}]:run_start[{k + 1}]]"]
            lines.append(f"at{k} = nodes_of[node_start[{k}]:node_start[{k + 1}]]")
            for a, name in enumerate(m.code.arrays):
                start = f"parameter_start[{k}] + {a}*n{k}*L"
                lines.append(f"p{k}_{name} = parameters[{start}:{start} + n{k}*L]")
            for a, name in enumerate(m.code.scalars):
                lines.append(f"c{k}_{name} = scalars[scalar_start[{k}] + {a}]")
            if m.code.program.kind == "receptor":
                lines += [f"x{k}_{name} = np.empty(n{k}*L)" for name in m.code.linked]
            if m.code.tabulated:
                width = len(m.code.tabulated)
                lines.append(
                    f"table{k} = tables[table_start[{k}]:table_start[{k + 1}]].reshape(-1, {width})"
                )
        return lines

    def _group(self) -> list[str]:
        lines = ["x = block[group]", "v = x[:size]"]
        for k, m in enumerate(self.mechanisms):
            for s, name in enumerate(m.code.program.states):
                start = f"(offsets[{k}] + {s}*n{k})*L"
                lines.append(f"s{k}_{name} = x[{start}:{start} + n{k}*L]")
        row = len(self.mechanisms)
        for prefix, names in (("out", self.outputs), ("ion", self.ions)):
            for name in names:
                lines.append(f"{prefix}_{name} = x[offsets[{row}]*L:offsets[{row}]*L + size]")
                row += 1
        lines += [
            "e, last_event = event_start[group], event_start[group + 1]",
            "spikes = 0",
            "for s in range(steps):",
            *_in(1, ["step = first_step + s", *self._step()]),
            "spike_count[group] = spikes",
        ]
        return lines

    def _step(self) -> list[str]:
        lines = self._events()
        lines += ["clear(current)", "clear(conductance)"]
        lines += [f"clear(ion_{name})" for name in self.ions]
        channels = [
            (k, m) for k, m in enumerate(self.mechanisms) if m.code.program.kind == "channel"
        ]
        receptors = [
            (k, m) for k, m in enumerate(self.mechanisms) if m.code.program.kind == "receptor"
        ]
        for k, m in channels:
            lines += self._channel_currents(k, m)
        lines.append("assemble(current, conductance, area, base, right, diagonal)")
        for k, m in receptors:
            lines += self._receptor_currents(k, m)
        lines += [
            "inject(right, step, clamp_lane, clamp_node, clamp_amplitude, clamp_first, clamp_last, "
            "clamp_start[group], clamp_start[group + 1])",
            "for lane in range(L):",
            "    before[lane] = v[spike_node*L + lane]",
            "solve(v, parent, axial, order, diagonal, right)",
        ]
        for k, m in enumerate(self.mechanisms):
            lines += self._advance(k, m)
        return lines + self._observe()

    def _events(self) -> list[str]:
        lines = ["while e < last_event and event_step[e] == step:"]
        lines.append("    j, w = event_instance[e]*L + event_lane[e], event_weight[e]")
        keyword = "if"
        for k, m in enumerate(self.mechanisms):
            if m.code.program.events:
                lines.append(f"    {keyword} event_mechanism[e] == {k}:")
                lines.append(f"        event_{k}(j, w, v, {self._arguments(k, m, None)})")
                keyword = "elif"
        return [*lines, "    e += 1"]

    def _arguments(self, k: int, m: Driven, run: str | None) -> str:
        """Arguments of a mechanism's loop: whole, or the slices of one run."""
        cut = f"[{run}]" if run else ""
        parts = [f"s{k}_{n}{cut}" for n in m.code.program.states]
        parts += [f"p{k}_{n}{cut}" for n in m.code.arrays]
        parts += [f"c{k}_{n}" for n in m.code.scalars]
        parts += [f"{self._linked(n)}[a:b]" if run else f"x{k}_{n}" for n in m.code.linked]
        return ", ".join(parts)

    def _linked(self, name: str) -> str:
        return f"out_{name}" if name in self.outputs else f"ion_{name}"

    @staticmethod
    def _run(k: int) -> list[str]:
        """Loop over runs of consecutive nodes: a:b in rows of nodes, c:d in rows of instances."""
        return [
            f"for r in range(runs{k}.shape[0]):",
            f"    a, c, n = runs{k}[r, 0]*L, runs{k}[r, 2]*L, runs{k}[r, 1]*L",
            "    b, d = a + n, c + n",
        ]

    def _channel_currents(self, k: int, m: Driven) -> list[str]:
        ions = "".join(f", ion_{i}[a:b]" for i in m.ions)
        arguments = self._arguments(k, m, "c:d")
        tail = f", {arguments}" if arguments else ""
        call = f"currents_{k}(n, v[a:b], current[a:b], conductance[a:b]{tail}{ions})"
        return [*self._run(k), f"    {call}"]

    def _gather(self, k: int, m: Driven) -> list[str]:
        """Copy what a receptor reads of its nodes: voltage and linked inputs."""
        linked = [f"gather_rows({self._linked(n)}, at{k}, x{k}_{n})" for n in m.code.linked]
        return [f"gather_rows(v, at{k}, local)", *linked]

    def _receptor_currents(self, k: int, m: Driven) -> list[str]:
        arguments = self._arguments(k, m, None)
        tail = f", {arguments}" if arguments else ""
        return [
            *self._gather(k, m),
            f"clear(here[:n{k}*L])",
            f"clear(there[:n{k}*L])",
            f"currents_{k}(n{k}*L, local, here, there{tail})",
            f"add_rows(here, there, at{k}, right, diagonal)",
        ]

    def _advance(self, k: int, m: Driven) -> list[str]:
        program = m.code.program
        table = f", table{k}" if m.code.tabulated else ""
        if program.kind == "receptor":
            arguments = self._arguments(k, m, None)
            call = f"advance_{k}(n{k}*L, dt, local, {arguments}{table})"
            return [*self._gather(k, m), call]
        if not program.updates and not program.outputs:
            return []
        arguments = self._arguments(k, m, "c:d")
        lines = [*self._run(k), f"    advance_{k}(n, dt, v[a:b], {arguments}{table})"]
        if program.outputs:
            given = ", ".join(f"out_{n}[a:b]" for n in program.outputs)
            lines.append(f"    outputs_{k}(n, v[a:b], {arguments}, {given})")
        return lines

    def _observe(self) -> list[str]:
        return [
            "if has_dipole:",
            "    dipole(v, weights, dipoles[group, s])",
            "spikes = crossings(before, v[spike_node*L:spike_node*L + L], threshold, step + 1, "
            "spike_step[group], spike_lane[group], spikes)",
            "if has_membrane:",
            "    membrane(v, parent, axial, order, x[membrane_row*L:membrane_row*L + size], step, "
            "clamp_lane, clamp_node, clamp_amplitude, clamp_first, clamp_last, "
            "clamp_start[group], clamp_start[group + 1])",
            "sample(x, step + 1, record_index, record_every, record_place, "
            "record_start[group], record_start[group + 1], recorded)",
        ]


def _in(depth: int, lines: list[str]) -> list[str]:
    return [f"{'    ' * depth}{line}" for line in lines]
