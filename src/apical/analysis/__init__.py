"""Pure functions on waveforms and spikes; import nothing of apical but errors and units."""

from apical.analysis.comparing import Comparison, common_time, compare, correlation, rmse
from apical.analysis.measures import Peak, Peaks, firing_rates, peaks, spike_counts
from apical.analysis.waveforms import DataError, inside, scale, smooth, time_step, waveform

__all__ = [
    "Comparison",
    "DataError",
    "Peak",
    "Peaks",
    "common_time",
    "compare",
    "correlation",
    "firing_rates",
    "inside",
    "peaks",
    "rmse",
    "scale",
    "smooth",
    "spike_counts",
    "time_step",
    "waveform",
]
