"""The library's cells and networks against the published tables."""

from __future__ import annotations

import math

import pytest

from apical import library, models
from apical.errors import ModelError
from apical.model import Network, Profile


@pytest.fixture(scope="module")
def column() -> Network:
    return models.neymotin_2020()


def test_populations(column: Network) -> None:
    sizes = {name: p.n for name, p in column.populations.items()}
    assert list(sizes) == ["L2_basket", "L2_pyramidal", "L5_basket", "L5_pyramidal"]
    assert list(sizes.values()) == [35, 100, 35, 100]
    assert [n for n, p in column.populations.items() if p.dipole] == [
        "L2_pyramidal",
        "L5_pyramidal",
    ]
    depths = [p.positions.points(1.0)[0][2] for p in column.populations.values()]
    assert depths == pytest.approx([1045.92, 1307.4, 261.48, 0.0])
    assert [p.layer for p in column.populations.values()] == ["L2", "L2", "L5", "L5"]
    assert column.origin()[:2] == (4.0, 4.0)
    assert not column.drives


# Neymotin et al. 2020: source, target, location, receptor, weight (uS), space constant
CONNECTIONS = """
L2_pyramidal L2_pyramidal proximal nmda 5e-4 3
L2_pyramidal L2_pyramidal proximal ampa 5e-4 3
L5_pyramidal L5_pyramidal proximal nmda 5e-4 3
L5_pyramidal L5_pyramidal proximal ampa 5e-4 3
L2_basket L2_pyramidal soma gabaa 0.05 50
L2_basket L2_pyramidal soma gabab 0.05 50
L5_basket L5_pyramidal soma gabaa 0.025 70
L5_basket L5_pyramidal soma gabab 0.025 70
L2_pyramidal L5_pyramidal proximal ampa 2.5e-4 3
L2_pyramidal L5_pyramidal distal ampa 2.5e-4 3
L2_basket L5_pyramidal distal gabaa 1e-3 50
L2_pyramidal L2_basket soma ampa 5e-4 3
L2_basket L2_basket soma gabaa 0.02 20
L5_basket L5_basket soma gabaa 0.02 20
L5_pyramidal L5_basket soma ampa 5e-4 3
L2_pyramidal L5_basket soma ampa 2.5e-4 3
"""


def test_projections(column: Network) -> None:
    rows = [line.split() for line in CONNECTIONS.strip().splitlines()]
    expected = {(*r[:4], float(r[4]), float(r[5])) for r in rows}
    found = {
        (p.source, p.target, p.location, p.receptor, p.weight, p.kernel and p.kernel.space_constant)
        for p in column.projections.values()
    }
    assert found == expected
    assert len(column.projections) == 16
    assert {p.delay for p in column.projections.values()} == {1.0}
    without = [name for name, p in column.projections.items() if not p.autapses]
    assert without == [
        "L2_pyramidal>L2_pyramidal.nmda", "L2_pyramidal>L2_pyramidal.ampa",
        "L5_pyramidal>L5_pyramidal.nmda", "L5_pyramidal>L5_pyramidal.ampa",
        "L5_basket>L5_basket.gabaa",
    ]  # fmt: skip
    assert "L5_basket>L5_pyramidal.gabaa" in column.projections
    assert "L2_pyramidal>L5_pyramidal.distal.ampa" in column.projections


@pytest.mark.parametrize("name", ["L2_pyramidal", "L5_pyramidal", "L2_basket", "L5_basket"])
def test_sections_end_where_their_length_says(column: Network, name: str) -> None:
    cell = column.cells[name]
    for section in cell.sections.values():
        assert section.start is not None
        assert section.end is not None
        assert math.dist(section.start, section.end) == pytest.approx(section.L, rel=1e-14)
        if section.parent is not None:
            parent = cell.sections[section.parent]
            assert section.start == (parent.end if section.parent_x == 1 else parent.start)


def test_pyramids(column: Network) -> None:
    for name, reach, n in (("L2_pyramidal", 625.6, 8), ("L5_pyramidal", 1926.0, 9)):
        cell = column.cells[name]
        tuft = cell.sections["apical_tuft"].end
        assert len(cell.sections) == n
        assert tuft == (0.0, 0.0, reach)
        assert cell.groups["proximal"] == ("apical_oblique", "basal_2", "basal_3")
        assert cell.groups["distal"] == ("apical_tuft",)
        assert set(cell.sections["soma"].receptors) == {"gabaa", "gabab"}
        assert set(cell.sections["basal_1"].receptors) == {"ampa", "nmda", "gabaa", "gabab"}
        assert cell.spike_site.section == "soma"


def test_conductances_in_our_units(column: Network) -> None:
    soma = column.cells["L5_pyramidal"].sections["soma"].channels
    assert soma["ca"]["gbar"] == 0.006
    assert soma["km"]["gbar"] == 0.02
    assert soma["kca"]["gbar"] == 2e-8
    assert soma["cat"]["gbar"] == 2e-4
    assert soma["ar"]["gbar"] == 1e-6
    assert soma["hh2"] == {"gnabar": 0.16, "gkbar": 0.01, "gl": 4.26e-5, "el": -65.0}
    tuft = column.cells["L5_pyramidal"].sections["apical_tuft"].channels
    assert tuft["ar"]["gbar"] == Profile(expression="1e-6*S/cm2*exp(0.003/um*distance)")
    assert tuft["hh2"]["el"] == -71.0
    assert column.get("cells.L2_pyramidal.sections.soma.channels.km.gbar") == 0.025
    assert column.get("cells.L2_basket.sections.soma.channels.hh2.gnabar") == 0.12


def test_erp_drives() -> None:
    network = models.erp()
    times = {name: (d.mu, d.sigma, d.n_spikes) for name, d in network.drives.items()}  # type: ignore[union-attr]
    assert times == {
        "evdist1": (63.53, 3.85, 1), "evprox1": (26.61, 2.47, 1), "evprox2": (137.12, 8.33, 1),
    }  # fmt: skip
    weights = {
        name: {p: dict(t.weights) for p, t in d.targets.items()}
        for name, d in network.drives.items()
    }
    assert weights["evdist1"] == {
        "L2_basket": {"ampa": 0.006562, "nmda": 0.019482},
        "L2_pyramidal": {"ampa": 7e-6, "nmda": 0.004317},
        "L5_pyramidal": {"ampa": 0.1423, "nmda": 0.080074},
    }
    assert weights["evprox2"]["L5_pyramidal"] == {"ampa": 0.684013}
    delays = {p: t.delay for p, t in network.drives["evprox1"].targets.items()}
    assert delays == {"L2_basket": 0.1, "L2_pyramidal": 0.1, "L5_basket": 1.0, "L5_pyramidal": 1.0}
    assert all(d.cell_specific and d.kernel for d in network.drives.values())
    assert network.remove(*(f"drives.{d}" for d in network.drives)).projections
    assert Network.from_json(network.to_json()) == network


def test_geometry_is_a_parameter() -> None:
    network = models.neymotin_2020(grid=(4, 3), inplane_distance="30 um", layer_separation=1000)
    assert [p.n for p in network.populations.values()] == [5, 12, 5, 12]
    assert network.inplane_distance == 30.0
    assert network.get("populations.L2_basket.positions.z") == 800.0
    assert network.origin() == (30.0, 30.0, 500.0)
    with pytest.raises(ModelError, match="inplane_distance: must be > 0 um; got -1"):
        models.erp(inplane_distance=-1)
    with pytest.raises(ModelError, match=r"positions\.shape"):
        models.erp(grid=(0, 3))
    with pytest.raises(ModelError, match="layer_separation: must be a number in um"):
        models.erp(layer_separation="deep")


def test_names_and_load() -> None:
    assert set(models.names()) == {
        "calcium", "erp", "gamma_strong", "gamma_weak", "kohl_2022", "law_2021", "n20",
        "neymotin_2020", "somatosensory",
    }  # fmt: skip
    for name, line in models.names().items():
        assert line
        assert "\n" not in line
        assert models.load(name) == models.load(name)
    with pytest.raises(ModelError, match="did you mean 'neymotin_2020'"):
        models.load("neymotin2020")


@pytest.mark.parametrize("name", library.names("mechanisms"))
def test_every_mechanism_cites_its_source(name: str) -> None:
    mechanism = library.mechanism(name)
    assert mechanism.name == name
    assert mechanism.doi.startswith("10.")
    assert mechanism.reference
    assert mechanism.title


@pytest.mark.parametrize("name", library.names("cells"))
def test_every_cell_cites_its_source(name: str) -> None:
    doi = library.cell(name).doi
    assert doi.startswith("10.")
    # variants cite who published them
    assert (doi == "10.1152/jn.00535.2009") == (not name[-4:].isdigit())


def test_only_names_of_the_list_are_read() -> None:
    with pytest.raises(ModelError, match="the library has no"):
        library.cell("../networks/erp")
    with pytest.raises(ModelError, match="the library has no 'secrets'"):
        library.names("secrets")
