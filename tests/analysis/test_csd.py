"""Current source density against potentials whose density is known."""

import sys

import numpy as np
import pytest
import xarray as xr

from apical import csd
from apical.analysis import DataError, kernel_csd

Z = np.arange(-300.0, 2200.0, 100.0)


def potentials(values, z=Z, units="uV", **attrs):
    return xr.DataArray(
        np.asarray(values, float)[..., None],
        dims=("electrode", "time") if np.ndim(values) == 1 else ("trial", "electrode", "time"),
        coords={"z": ("electrode", z), "x": ("electrode", np.full(len(z), 7.0)), "time": [0.0]},
        attrs={"units": units, **attrs},
    )


def test_a_parabola_has_an_even_density():
    """1 mV/mm² is 1,000 V/m²; times 0.3 S/m it is 300 A/m³, which is 0.3 µA/mm³."""
    lfp = potentials(2 * (Z / 1000) ** 2, units="mV", conductivity=0.3)
    bare = csd(lfp, units="mV/mm2", edges="linear")
    assert (bare.dims, bare.attrs["units"], bare.name) == (lfp.dims, "mV/mm2", "csd")
    np.testing.assert_allclose(bare, -4, rtol=1e-9)
    density = csd(lfp, edges="linear")
    assert density.attrs["units"] == "uA/mm3"
    np.testing.assert_allclose(density, -1.2, rtol=1e-9)
    np.testing.assert_allclose(csd(lfp, conductivity="6 mS/cm", edges="linear"), -2.4, rtol=1e-9)


def test_what_holds_at_the_ends():
    values = np.array([1.0, 5.0, 2.0, 8.0, 3.0])
    lfp = potentials(values, Z[:5])
    inner = -np.diff(values, 2) / 100**2 * 1e3
    found = {e: csd(lfp, units="mV/mm2", edges=e).values[:, 0] for e in ("vaknin", "linear")}
    dropped = csd(lfp, units="mV/mm2", edges="drop")
    np.testing.assert_allclose(dropped.values[:, 0], inner)
    np.testing.assert_array_equal(dropped["z"], Z[1:4])
    for ends in found.values():
        np.testing.assert_allclose(ends[1:-1], inner)
    np.testing.assert_allclose(found["vaknin"][[0, -1]], [-0.4, -0.5])
    np.testing.assert_allclose(
        found["linear"][[0, -1]], [2 * inner[0] - inner[1], 2 * inner[2] - inner[1]]
    )


def test_with_vaknins_ends_nothing_is_lost():
    """Sources and sinks add up to zero."""
    lfp = potentials(np.random.default_rng(0).normal(size=(3, len(Z))), conductivity=0.3)
    total = csd(lfp).sum("electrode")
    np.testing.assert_allclose(total, 0, atol=1e-12)
    assert csd(lfp).dims == ("trial", "electrode", "time")


def test_a_wave_of_sources():
    """σ φ'' = −c for c = cos kz is solved by φ = cos kz / (σ k²); 100 µm are short of it."""
    k = 2 * np.pi / 3000
    # 1 µA/mm³ is 1e-3 · µV S/(m µm²)
    lfp = potentials(1e-3 * np.cos(k * Z) / (0.3 * k**2), conductivity=0.3)
    found = csd(lfp, edges="drop").values[:, 0]
    np.testing.assert_allclose(found, np.cos(k * Z[1:-1]), rtol=0, atol=(k * 100) ** 2 / 12)


def test_a_row_may_lie_askew():
    lfp = potentials(Z**2, conductivity=0.3)
    turned = lfp.assign_coords(
        x=("electrode", 0.6 * Z), y=("electrode", 0 * Z), z=("electrode", -0.8 * Z)
    )
    np.testing.assert_allclose(csd(turned), csd(lfp), rtol=1e-12)


def cylinder(z, radius):
    """Return a density, µA/mm³, and the potential, mV, on the axis of a cylinder (z in mm)."""
    x = np.linspace(-1, 3, 4001)

    def density(x):
        return np.exp(-(((x - 0.8) / 0.2) ** 2)) - np.exp(-(((x - 1.3) / 0.2) ** 2))

    reach = np.sqrt((z[:, None] - x) ** 2 + radius**2) - np.abs(z[:, None] - x)
    return density, (density(x) * reach).sum(axis=1) * (x[1] - x[0]) / (2 * 0.3)


def test_the_kernel_method_finds_what_a_cylinder_of_sources_raises():
    pytest.importorskip("elephant", reason="the extra csd is not installed")
    density, phi = cylinder(Z / 1000, 0.5)
    lfp = potentials(np.stack([phi, 2 * phi]), units="mV", conductivity=0.3)
    found = kernel_csd(lfp, radius="0.5 mm")
    assert found.dims == ("trial", "depth", "time")
    assert (found.attrs["units"], found["depth"].attrs["units"]) == ("uA/mm3", "um")
    assert (found["depth"][0], found["depth"][-1]) == (0, 2400)
    expected = density((found["depth"].values + Z[0]) / 1000)
    # it smooths a little
    np.testing.assert_allclose(found.values[..., 0], [expected, 2 * expected], atol=0.05)


def test_the_kernel_method_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "neo", None)
    lfp = potentials(Z, conductivity=0.3)
    with pytest.raises(DataError, match=r"pip install 'apical\[csd\]'"):
        kernel_csd(lfp)
    with pytest.raises(DataError, match="the radius must be > 0 um; got -3"):
        kernel_csd(lfp, radius=-3)


@pytest.mark.parametrize(
    ("lfp", "options", "words"),
    [
        (potentials(Z), {}, "the conductivity is not known"),
        (potentials(Z), {"conductivity": -1}, "must be > 0 S/m"),
        (potentials(Z), {"conductivity": "3 mV"}, "do not measure the same"),
        (potentials(Z, units="nAm"), {"conductivity": 1}, "need an attribute 'units'"),
        (potentials(Z, (Z + 400) ** 2), {}, "evenly spaced on a straight line"),
        (potentials(Z, 0 * Z), {}, "must lie on a straight line, one after the other"),
        (potentials(Z, np.abs(Z)), {}, "must lie on a straight line, one after the other"),
        (potentials(Z[:2], Z[:2]), {"edges": "drop"}, "at least 3 electrodes; got 2"),
        (potentials(Z).drop_vars(["x", "z"]), {}, "coordinates x, y, z"),
        (potentials(Z).rename(electrode="channel"), {}, "a dimension 'electrode'"),
        (potentials(Z), {"edges": "none"}, "vaknin, linear, drop; got 'none'"),
        (potentials(Z), {"units": "uV"}, "uA/mm3 or mV/mm2; got 'uV'"),
    ],
)
def test_what_cannot_be_done_is_said(lfp, options, words):
    with pytest.raises(DataError, match=words):
        csd(lfp, **options)
