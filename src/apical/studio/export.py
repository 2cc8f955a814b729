"""What leaves the studio: the script that does the same, figures, data, the model, the result."""

from __future__ import annotations

import io
import pprint
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from apical import __version__
from apical.studio.setup import Message, Setup, View
from apical.studio.waves import recorded_as_shown, shown

if TYPE_CHECKING:
    import xarray as xr

    from apical.model import Network
    from apical.result import Result
    from apical.studio.live import Session

_LONGEST_NAME = 60


class Asked(Message):
    """What is to be exported.

    Parameters
    ----------
    setup : Setup
    view : View
    name : str
        What the run is called; the file is called so.
    """

    setup: Setup
    view: View = View()
    name: str = ""


class Kind(NamedTuple):
    """A kind of file: how its name ends, its media type, and what makes it."""

    ending: str
    media: str
    make: Callable[[Session, Asked], bytes]


def file_name(asked: Asked) -> str:
    """Return a name for the file, safe on every system."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", asked.name or asked.setup.model).strip("-.")
    return name[:_LONGEST_NAME] or "run"


def script(session: Session, asked: Asked) -> str:
    """Return the Python script that gives what is on the screen, bit for bit."""
    setup, view = asked.setup, asked.view
    # nothing that is no model comes into the text: names and values are checked by making it
    setup.network(session.uploaded)
    recorded = None if view.data is None else session.recorded(view.data)
    parts = [
        f'"""{_title(asked)}, as the studio of apical {__version__} showed it."""',
        _imports(recorded),
        _network_lines(session, setup),
        _run_lines(setup),
        _view_lines(view, recorded, file_name(asked)),
    ]
    return "\n\n".join(parts) + "\n"


def _title(asked: Asked) -> str:
    """Return what the script is about; nothing in a name ends the string that it stands in."""
    text = re.sub(r"[^\w .,:;+()-]", " ", asked.name or asked.setup.model)
    return text.strip()[:_LONGEST_NAME] or "A run"


def _imports(recorded: xr.DataArray | None) -> str:
    code = "" if recorded is None else str(recorded.attrs.get("code", "xr."))
    others = {"np.": "import numpy as np", "xr.": "import xarray as xr", "mne.read": "import mne"}
    lines = [line for sign, line in others.items() if sign in code]
    if "apical.io.mne" in code:
        return "\n".join([*lines, "", "import apical", "import apical.io.mne"])
    return "\n".join([*lines, "", "import apical"]) if lines else "import apical"


def _network_lines(session: Session, setup: Setup) -> str:
    if setup.model in session.uploaded:
        first = session.code_of(setup.model) or _embedded(session.uploaded[setup.model])
    else:
        first = f"network = apical.models.load({setup.model!r})"
    lines = [first]
    if setup.grid is not None:
        lines.append(f"network = network.scale({tuple(setup.grid)!r})")
    if setup.removed:
        lines.append(_call("network.remove", *map(repr, setup.removed)))
    added = {field: parts for field, parts in setup.added.items() if parts}
    if added:
        lines.append(_call("network.add", *(f"{f}={_literal(p)}" for f, p in added.items())))
    if setup.values:
        lines.append(_call("network.set", _literal(setup.values)))
    return "\n".join(lines)


def _embedded(network: Network) -> str:
    """Return a model that is in no file as part of the script."""
    return f"network = apical.Network.from_json({network.to_json(indent=None)!r})"


def _run_lines(setup: Setup) -> str:
    options = {
        "dt": setup.dt, "trials": setup.trials, "seed": setup.seed,
        "precision": setup.precision, "rates": setup.rates,
    }  # fmt: skip
    given = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return (
        f"result = apical.simulate(\n    network, {setup.duration!r}, {given}\n)\n"
        "# the studio shows a result with this very digest\n"
        "print(result.digest())"
    )


def _view_lines(view: View, recorded: xr.DataArray | None, name: str) -> str:
    lines = ["shown = result"]
    if view.smooth:
        lines.append(f"shown = shown.smooth({view.smooth!r})")
    if view.scale != 1:
        lines.append(f"shown = shown.scale({view.scale!r})")
    if recorded is None:
        lines.append("figure = apical.plots.summary(shown)")
    else:
        lines += (str(recorded.attrs.get("code", "")) or _samples(recorded)).splitlines()
        if view.shift:
            lines.append(
                f'recorded = recorded.assign_coords(time=recorded["time"] + {view.shift!r})'
            )
        if view.factor != 1:
            lines.append(f"recorded = recorded * {view.factor!r}")
        edges = "".join(
            f", {edge}={value!r}"
            for edge, value in (("tmin", view.tmin), ("tmax", view.tmax))
            if value is not None
        )
        lines.append(f"print(apical.compare(shown.average().total().squeeze(), recorded{edges}))")
        window = f"window=({view.tmin!r}, {view.tmax!r})"
        lines.append(f"figure = apical.plots.summary(shown, recorded, {window})")
    lines.append(f"apical.plots.save_figure(figure, {f'{name}.png'!r}, overwrite=True)")
    return "\n".join(lines)


def _samples(recorded: xr.DataArray) -> str:
    """Return a recording that is in no file as part of the script."""
    time, values = recorded["time"].values.tolist(), recorded.values.tolist()
    return f'recorded = xr.DataArray({values!r}, {{"time": {time!r}}}, ("time",))'


def _call(function: str, *arguments: str) -> str:
    inner = "".join(f"    {_indented(a)},\n" for a in arguments)
    return f"network = {function}(\n{inner})"


def _literal(value: object) -> str:
    """Return data as Python writes it; only numbers, texts, lists and mappings come here."""
    return pprint.pformat(value, indent=1, width=92, sort_dicts=False)


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")


# --- files --------------------------------------------------------------------------------------


def _script(session: Session, asked: Asked) -> bytes:
    return script(session, asked).encode()


def _figure(session: Session, asked: Asked, form: str) -> bytes:
    from apical import plots

    recorded = recorded_as_shown(session.recorded, asked.view)
    window = (asked.view.tmin, asked.view.tmax)
    figure = plots.summary(_shown(session, asked), recorded, window=window)
    file = io.BytesIO()
    figure.savefig(file, format=form, dpi=200)
    return file.getvalue()


def _dipole(session: Session, asked: Asked) -> bytes:
    """Return times and dipoles as shown, mean over trials, as a table."""
    dipole = _shown(session, asked).dipole.mean("trial")
    names = [str(n) for n in dipole["population"].values]
    table = np.column_stack(
        [dipole["time"].values, dipole.sum("population").values, *dipole.values]
    )
    titles = ["time (ms)", "dipole (nAm)", *(f"{n} (nAm)" for n in names)]
    file = io.StringIO()
    np.savetxt(file, table, fmt="%.10g", delimiter=",", header=",".join(titles), comments="")
    return file.getvalue().encode()


def _result(session: Session, asked: Asked) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.nc"
        session.result(asked.setup).save(path)
        return path.read_bytes()


def _model(session: Session, asked: Asked) -> bytes:
    return asked.setup.network(session.uploaded).to_json().encode()


def _shown(session: Session, asked: Asked) -> Result:
    return shown(session.result(asked.setup), asked.view)


#: What can be asked for, by the last part of the address.
KINDS = {
    "script.py": Kind(".py", "text/x-python", _script),
    "figure.svg": Kind(".svg", "image/svg+xml", lambda s, a: _figure(s, a, "svg")),
    "figure.pdf": Kind(".pdf", "application/pdf", lambda s, a: _figure(s, a, "pdf")),
    "figure.png": Kind(".png", "image/png", lambda s, a: _figure(s, a, "png")),
    "dipole.csv": Kind(".csv", "text/csv", _dipole),
    "result.nc": Kind(".nc", "application/x-netcdf", _result),
    "model.json": Kind(".json", "application/json", _model),
}
