"""Pure functions on waveforms and spikes; import nothing of apical but errors and units."""

from apical.analysis.comparing import Comparison, common_time, compare, correlation, rmse
from apical.analysis.csd import csd, kernel_csd
from apical.analysis.erp import erp_peaks
from apical.analysis.intervals import intervals, isi_cv
from apical.analysis.measures import Peak, Peaks, peaks, spike_counts
from apical.analysis.rates import instantaneous_rate, mean_rates
from apical.analysis.spectra import band_power, psd
from apical.analysis.waveforms import (
    DataError,
    inside,
    savgol,
    scale,
    smooth,
    time_step,
    waveform,
)
from apical.analysis.wavelets import morlet, tfr

__all__ = [
    "Comparison",
    "DataError",
    "Peak",
    "Peaks",
    "band_power",
    "common_time",
    "compare",
    "correlation",
    "csd",
    "erp_peaks",
    "inside",
    "instantaneous_rate",
    "intervals",
    "isi_cv",
    "kernel_csd",
    "mean_rates",
    "morlet",
    "peaks",
    "psd",
    "rmse",
    "savgol",
    "scale",
    "smooth",
    "spike_counts",
    "tfr",
    "time_step",
    "waveform",
]
