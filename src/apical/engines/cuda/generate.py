"""Source code of one cell type's kernel: what one thread, one cell, does in a window of steps.

The file knows the sizes of the cell type and its mechanisms, no values. What is written here are
the functions of a node; :mod:`apical.engines.cuda.templates` has the steps that call them.

Names in generated code: element ``row*T + t`` of ``own`` is this thread's, ``row*W + w`` of
``fixed`` is that of this member's values.
"""

from __future__ import annotations

from apical.engines.codegen import Writer, expressions, step_text
from apical.engines.cuda.device import version
from apical.engines.cuda.layout import Layout
from apical.engines.cuda.templates import HEADER, SUMS, WINDOW
from apical.equations.expr import Name


def cell_source(layout: Layout, precision: str, limit: float) -> str:
    """Return the file of one cell type.

    Parameters
    ----------
    layout : Layout
        Its mechanisms, and where things lie.
    precision : {'double', 'single'}
        Type of numbers.
    limit : float, mV
        Voltages beyond it have diverged.
    """
    header = HEADER.format(version=version(), precision=precision, limit=limit)
    writer = _Cell(layout)
    parts = [header, writer.receive(), writer.currents(), writer.advance()]
    places = {name: getattr(layout, name) for name in Layout.__dataclass_fields__}
    return "\n\n".join(parts) + "\n" + WINDOW.format(**places) + "\n" + SUMS


class _Cell:
    """Writes the functions of a node, and of an event."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        #: What values that pools give, and ion currents, are called.
        self.given = {name: f"o{k}" for k, name in enumerate(layout.absent)}
        self.given |= {name: f"a{k}" for k, name in enumerate(layout.ions)}

    def receive(self) -> str:
        """Deliver one event to an instance."""
        arguments = "own, t, T, fixed, w, W, mechanism, j, weight"
        lines = []
        for k, code in enumerate(self.layout.codes):
            events = code.program.events
            if not events:
                continue
            writer = Writer(code, [value for _, value in events])
            new = [f"n_{code.tags[s]} = {writer.text(value)}" for s, value in events]
            kept = [self._store(k, s) for s, _ in events]
            needed = writer.needed - {"v", *code.inputs}
            lines += [f"if mechanism == {k}:", *_indent(self._body(k, writer, needed, new + kept))]
        return _function("receive", arguments, lines or ["pass"])

    def currents(self) -> str:
        """Compute current (nA) and conductance (µS) of one node."""
        lines = self._start()
        lines += [f"{name} = zero" for name in map(self.given.get, self.layout.ions)]
        lines += ["i = g = density = slope = zero"]
        for k, code in enumerate(self.layout.codes):
            currents = code.program.currents
            if not currents:
                continue
            values, slopes = [c.value for c in currents], [c.conductance for c in currents]
            writer = Writer(code, values + slopes)
            is_density = code.program.kind == "channel"
            to, by = ("density", "slope") if is_density else ("i", "g")
            results = [f"{to} += {' + '.join(writer.text(e) for e in values)}"]
            results += [f"{by} += {' + '.join(f'({writer.text(e)})' for e in slopes)}"]
            for ion in code.ions:
                own = [writer.text(c.value) for c in currents if f"i{c.ion}" == ion]
                results.append(f"{self.given[ion]} += {' + '.join(own)}")
            lines += self._instances(k, self._body(k, writer, writer.needed, results))
        lines += self._assigned(early=True)
        for name, row in self.layout.ions.items():
            lines.append(f"own[at(({row} + n)*T + t)] = {self.given[name]}")
        lines += [f"area = fixed[at(({self.layout.area} + n)*W + w)]"]
        lines += ["return i + area*density, g + area*slope"]
        return _function("currents", "own, t, T, fixed, w, W, tables, index, n", lines)

    def advance(self) -> str:
        """Advance the states of one node, whose voltage is new."""
        lines = self._start()
        for name, row in self.layout.ions.items():
            lines.append(f"{self.given[name]} = own[at(({row} + n)*T + t)]")
        for k, code in enumerate(self.layout.codes):
            updates = code.program.updates
            if updates:
                writer = Writer(code, [e for u in updates for e in expressions(code, u)])
                new = [f"n_{code.tags[u.state]} = {step_text(code, u, writer)}" for u in updates]
                kept = [self._store(k, u.state) for u in updates]
                needed = {*writer.needed, *(u.state for u in updates)}
                lines += self._instances(k, self._body(k, writer, needed, new + kept))
            lines += self._outputs(k)
        lines += self._assigned(early=False)
        return _function("advance", "own, t, T, fixed, w, W, tables, index, n, dt", lines)

    def _assigned(self, *, early: bool) -> list[str]:
        """Return lines that compute what is recorded only, with currents or at the end."""
        lines = []
        for (k, name), row in self.layout.assigned.items():
            code = self.layout.codes[k]
            if (name in code.program.behind_currents) == early:
                writer = Writer(code, [Name(name)])
                store = f"own[at(({row} + j)*T + t)] = {writer.text(Name(name))}"
                lines += self._instances(k, self._body(k, writer, writer.needed, [store]))
        return lines

    def _start(self) -> list[str]:
        """Return lines that find what a node has, its voltage, and what pools give there."""
        lines = [f"here = index[at({self.layout.present} + n)]", "v = own[at(n*T + t)]"]
        for name, row in self.layout.absent.items():
            lines.append(f"{self.given[name]} = fixed[at({row}*W + w)]")
        for k in range(len(self.layout.codes)):
            lines += self._outputs(k)
        return lines

    def _outputs(self, k: int) -> list[str]:
        """Return lines that compute what a pool gives to others."""
        code = self.layout.codes[k]
        names = code.program.outputs
        if not names:
            return []
        writer = Writer(code, [Name(n) for n in names])
        results = [f"{self.given[n]} = {writer.text(Name(n))}" for n in names]
        return self._instances(k, self._body(k, writer, writer.needed, results))

    def _instances(self, k: int, body: list[str]) -> list[str]:
        """Return lines that do something for a mechanism's instances at a node."""
        condition = f"if here & {1 << k}:"
        if self.layout.codes[k].program.kind != "receptor":
            return [condition, *_indent(["j = n", *body])]
        first = self.layout.sites[k]
        loop = f"for j in range(index[at({first} + n)], index[at({first + 1} + n)]):"
        return [condition, *_indent([loop, *_indent(body)])]

    def _body(self, k: int, writer: Writer, needed: set[str], results: list[str]) -> list[str]:
        """Return the lines for one instance: load, compute, store."""
        layout, code = self.layout, self.layout.codes[k]
        rows, names = layout.instances[k], writer.names
        lines = [f"{names['v']} = v"] if "v" in needed else []
        for number, name in enumerate(code.program.states):
            if name in needed:
                lines.append(
                    f"{names[name]} = own[at(({layout.states[k] + number * rows} + j)*T + t)]"
                )
        for number, name in enumerate(code.arrays):
            if name in needed:
                row = layout.parameters[k] + number * rows
                lines.append(f"{names[name]} = fixed[at(({row} + j)*W + w)]")
        for number, name in enumerate(code.scalars):
            if name in needed:
                lines.append(f"{names[name]} = fixed[at({layout.scalars[k] + number}*W + w)]")
        lines += [f"{names[n]} = {self.given[n]}" for n in code.inputs if n in needed]
        lookup = writer.lookup()
        if lookup:
            lines.append(f"table = tables[{layout.tables[k]} + w*{layout.table_size}:]")
        kept = [f"{names[a.name]} = {writer.text(a.value)}" for a in writer.kept]
        return [*lines, *lookup, *kept, *results]

    def _store(self, k: int, state: str) -> str:
        code, layout = self.layout.codes[k], self.layout
        row = layout.states[k] + list(code.program.states).index(state) * layout.instances[k]
        return f"own[at(({row} + j)*T + t)] = n_{code.tags[state]}"


def _indent(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _function(name: str, arguments: str, lines: list[str]) -> str:
    return f"@device\ndef {name}({arguments}):\n" + "\n".join(_indent(lines)) + "\n"
