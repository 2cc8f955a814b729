"""The numbers of the report are those of the library's own analysis."""

from __future__ import annotations

import pytest

from apical.analysis import peaks
from apical.cli.report import measures
from synthetic import make_result


@pytest.mark.parametrize("changed", [False, True])
def test_peaks_and_rates_are_those_of_the_result(changed):
    result = make_result()
    result = result.smooth(2.0).scale(3.0) if changed else result
    found = measures(result, None)
    mean = result.average()
    waves = {"total": mean.total(), **{k: mean.layers().sel(layer=k) for k in ("L2", "L5")}}
    assert list(found["dipole"]) == list(waves)
    for name, wave in waves.items():
        expected = peaks(wave)
        assert found["dipole"][name] == pytest.approx(
            {
                "maximum_nam": expected.maximum.value, "maximum_ms": expected.maximum.latency,
                "minimum_nam": expected.minimum.value, "minimum_ms": expected.minimum.latency,
            },
            rel=1e-12,
        )  # fmt: skip
    counts, rates = result.spike_counts().mean("trial"), result.rates()
    for group in ("populations", "drives"):
        for name, spikes in found[group].items():
            assert spikes["cells"] == result.sources[name]
            assert spikes["spikes_per_trial"] == pytest.approx(float(counts.sel(source=name)))
            assert spikes["rate_hz"] == pytest.approx(float(rates.sel(source=name)))
