"""apical: the cells and circuits beneath a MEG/EEG waveform.

Public names are loaded when first used, so that importing apical takes no time.

`fit`, `infer`, `simulate` and `watch` are the functions, although modules have the same names; what
else is in these comes as in ``from apical.fit import Report``.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from apical import analysis, errors, library, models, plots, units
    from apical.analysis import (
        band_power,
        compare,
        correlation,
        csd,
        erp_peaks,
        instantaneous_rate,
        isi_cv,
        mean_rates,
        peaks,
        psd,
        rmse,
        savgol,
        scale,
        smooth,
        tfr,
    )
    from apical.ensemble import Ensemble, load_ensemble, simulate_many
    from apical.fit import (
        Fit,
        Normal,
        Parameter,
        Space,
        fit,
        identify,
        load_fit,
        objectives,
        sweep,
    )
    from apical.infer import Posterior, features, infer, load_posterior
    from apical.io.hnn import read_hnn, write_hnn
    from apical.io.recorded import read_dipole, write_dipole
    from apical.model import (
        BurstyDrive,
        Cell,
        CurrentClamp,
        DriveTarget,
        ElectrodeArray,
        EvokedDrive,
        FixedRule,
        Gaussian,
        Grid,
        LambdaRule,
        LengthRule,
        Mechanism,
        Network,
        Points,
        PoissonDrive,
        Population,
        Profile,
        Projection,
        Receptor,
        Recording,
        Section,
        Site,
        SpikeTrainDrive,
        StaggeredGrid,
        TabulatedRates,
        combine,
        laminar,
    )
    from apical.result import Result, load
    from apical.simulate import simulate
    from apical.studio.notebook import Studio
    from apical.watch import Chunk, Watch, watch

_MODULES = ("analysis", "errors", "library", "models", "plots", "units")
_NAMES = {
    "apical.simulate": ("simulate",),
    "apical.ensemble": ("Ensemble", "load_ensemble", "simulate_many"),
    "apical.fit": (
        "Fit",
        "Normal",
        "Parameter",
        "Space",
        "fit",
        "identify",
        "load_fit",
        "objectives",
        "sweep",
    ),
    "apical.infer": ("Posterior", "features", "infer", "load_posterior"),
    "apical.watch": ("Chunk", "Watch", "watch"),
    "apical.studio.notebook": ("Studio",),
    "apical.result": ("Result", "load"),
    "apical.analysis": (
        "band_power",
        "compare",
        "correlation",
        "csd",
        "erp_peaks",
        "instantaneous_rate",
        "isi_cv",
        "mean_rates",
        "peaks",
        "psd",
        "rmse",
        "savgol",
        "scale",
        "smooth",
        "tfr",
    ),
    "apical.io.recorded": ("read_dipole", "write_dipole"),
    "apical.io.hnn": ("read_hnn", "write_hnn"),
    "apical.model": (
        "BurstyDrive",
        "Cell",
        "CurrentClamp",
        "DriveTarget",
        "ElectrodeArray",
        "EvokedDrive",
        "FixedRule",
        "Gaussian",
        "Grid",
        "LambdaRule",
        "LengthRule",
        "Mechanism",
        "Network",
        "Points",
        "PoissonDrive",
        "Population",
        "Profile",
        "Projection",
        "Receptor",
        "Recording",
        "Section",
        "Site",
        "SpikeTrainDrive",
        "StaggeredGrid",
        "TabulatedRates",
        "combine",
        "laminar",
    ),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [  # noqa: RUF022 - modules, verbs, then the parts of a model
    "__version__",
    "analysis",
    "errors",
    "library",
    "models",
    "plots",
    "units",
    "simulate",
    "simulate_many",
    "watch",
    "Result",
    "load",
    "Ensemble",
    "load_ensemble",
    "fit",
    "Fit",
    "load_fit",
    "identify",
    "objectives",
    "infer",
    "Posterior",
    "load_posterior",
    "features",
    "sweep",
    "Space",
    "Normal",
    "Parameter",
    "Watch",
    "Chunk",
    "Studio",
    "combine",
    "compare",
    "correlation",
    "csd",
    "peaks",
    "rmse",
    "scale",
    "smooth",
    "savgol",
    "psd",
    "tfr",
    "band_power",
    "erp_peaks",
    "mean_rates",
    "instantaneous_rate",
    "isi_cv",
    "read_dipole",
    "write_dipole",
    "read_hnn",
    "write_hnn",
    "laminar",
    "BurstyDrive",
    "Cell",
    "CurrentClamp",
    "DriveTarget",
    "ElectrodeArray",
    "EvokedDrive",
    "FixedRule",
    "Gaussian",
    "Grid",
    "LambdaRule",
    "LengthRule",
    "Mechanism",
    "Network",
    "Points",
    "PoissonDrive",
    "Population",
    "Profile",
    "Projection",
    "Receptor",
    "Recording",
    "Section",
    "Site",
    "SpikeTrainDrive",
    "StaggeredGrid",
    "TabulatedRates",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"apical.{name}")
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'apical' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """Keeps `apical.simulate` the function although a submodule has the same name; others too."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("fit", "infer", "simulate", "watch") and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
