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
    """Return a waveform averaged over a Hamming window.

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
        raise RuntimeError(f"data must be one waveform; got {np.ndim(data)} dimensions")
    _check_frequency(sfreq, "sfreq")
    if not isinstance(window_len, (float, int)) or window_len < 1:
        raise ValueError(f"window_len must be a number, at least 1 ms; got {window_len!r}")
    samples = int(np.round(1e-3 * window_len * sfreq))
    if not 1 <= samples <= len(data):
        raise ValueError(
            f"window_len must be from 1 to {len(data)} samples, as the data; got {samples}"
        )
    return _hammfilt(data, samples)


def _savgol_filter(data: Any, h_freq: float, sfreq: float) -> np.ndarray:
    """Return a waveform low-passed by a Savitzky–Golay filter of order 5."""
    from scipy import signal

    _check_frequency(sfreq, "sfreq")
    _check_frequency(h_freq, "h_freq")
    if not 2 * h_freq < sfreq:
        raise ValueError(f"h_freq must be below {sfreq / 2:g} Hz, half of sfreq; got {h_freq}")
    # about one period of the cut-off, and odd
    samples = 1 + 2 * (round(sfreq / h_freq) // 2)
    return np.asarray(signal.savgol_filter(data, samples, 5, axis=-1))


def _check_frequency(value: Any, name: str) -> None:
    _validate_type(value, (float, int), name)
    if value <= 0:
        raise ValueError(f"{name} must be above 0 Hz; got {value}")


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
