"""Smoothing of waveforms, and renaming."""

from __future__ import annotations

from typing import Any

import numpy as np

from apical.compat.hnn_core.externals.mne import _validate_type


def _hammfilt(x: Any, winsz: int) -> np.ndarray:
    """Return a waveform convolved with a Hamming window of some samples."""
    window = np.hamming(winsz)
    return np.convolve(x, window / window.sum(), "same")


def smooth_waveform(data: Any, window_len: float, sfreq: float) -> np.ndarray:
    """Return a waveform smoothed with a Hamming window.

    Parameters
    ----------
    data : (n_time,) array
        The waveform.
    window_len : float, ms
        Length of the window.
    sfreq : float, Hz
        Sampling rate.
    """
    if np.ndim(data) != 1:
        raise RuntimeError("Smoothing currently only supported for 1D-arrays")
    if not isinstance(window_len, (float, int)) or window_len < 0:
        raise ValueError("Window length must be a non-negative number")
    if 0 < window_len < 1:
        raise ValueError("Window length less than 1 ms is not supported")
    _validate_type(sfreq, (float, int), "sfreq")
    if sfreq <= 0:
        raise ValueError("Sampling frequency must be positive")
    samples = int(np.round(1e-3 * window_len * sfreq))
    if samples < 1:
        raise ValueError(f"Window size is too small: {samples} samples")
    if samples > len(data):
        raise ValueError(
            f"Window size is too long: {samples} samples; data length is {len(data)} samples"
        )
    return _hammfilt(data, samples)


def _savgol_filter(data: Any, h_freq: float, sfreq: float) -> np.ndarray:
    """Return a waveform low-passed by a Savitzky–Golay filter of order 5."""
    from scipy.signal import savgol_filter

    _validate_type(sfreq, (float, int), "sfreq")
    if sfreq <= 0:
        raise ValueError("Sampling frequency must be positive")
    _validate_type(h_freq, (float, int), "h_freq")
    if h_freq <= 0:
        raise ValueError("High cutoff frequency must be positive")
    if h_freq >= sfreq / 2:
        raise ValueError("h_freq must be less than half the sample rate")
    length = int(np.round(sfreq / h_freq)) // 2 * 2 + 1
    return np.asarray(savgol_filter(data, axis=-1, polyorder=5, window_length=length))


def _replace_dict_identifier(value: Any, old: str, new: str) -> Any:
    """Return nested dictionaries and lists with a name replaced everywhere."""
    if isinstance(value, dict):
        return type(value)(
            {
                new if key == old else key: _replace_dict_identifier(item, old, new)
                for key, item in value.items()
            }
        )
    if isinstance(value, list):
        return [_replace_dict_identifier(item, old, new) for item in value]
    return new if isinstance(value, str) and value == old else value
