"""Nodes, resistances and path distances as NEURON has them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from apical import models
from apical.model import Cell, FixedRule, LambdaRule, LengthRule, Section
from apical.plan.discretise import discretise, segments_of
from apical.plan.observables import dipole_weights, membrane_current_matrix
from apical.testing.networks import tree


@pytest.mark.parametrize(
    ("length", "n"), [(22.1, 1), (100.0, 1), (102.0, 3), (255, 5), (306, 7), (425, 9), (680, 13)]
)
def test_the_length_rule_counts_as_the_template_column_does(length, n):
    cell = Cell(sections={"s": Section(L=length, diam=2)}, segments=LengthRule())
    assert segments_of(cell.sections["s"], cell) == n


def test_the_lambda_rule_is_that_of_the_neuron_book():
    section = Section(L=1000, diam=1, Ra=150, cm=1)
    cell = Cell(sections={"s": section}, segments=LambdaRule())
    length_constant = 1e5 * math.sqrt(1 / (4 * math.pi * 100 * 150))
    expected = int((1000 / (0.1 * length_constant) + 0.9) / 2) * 2 + 1
    assert segments_of(section, cell) == expected


def test_resistances_of_the_template_soma():
    """NEURON 8.2.7: h.ri(0.5) of a soma of 39 × 28.9 µm and 200 Ω·cm is 0.0594537 MΩ."""
    found = discretise(models.neymotin_2020().cells["L5_pyramidal"])
    soma = found.first["soma"]
    assert 1 / found.axial[soma] == pytest.approx(0.05945372, rel=1e-6)
    assert found.area[soma] == pytest.approx(3540.889, rel=1e-6)


def test_compartments_of_the_template_column():
    cells = models.neymotin_2020().cells
    counts = {name: discretise(cell).compartments for name, cell in cells.items()}
    assert counts["L2_pyramidal"] == 32
    assert counts["L5_pyramidal"] == 55
    assert sum(counts.values()) == 32 + 55 + 2


def test_path_distance_starts_at_the_root():
    found = discretise(models.neymotin_2020().cells["L5_pyramidal"])
    middle = {s: found.distance[found.node(s, 0.5)] for s in found.sections}
    assert middle["soma"] == pytest.approx(19.5)
    assert middle["basal_1"] == pytest.approx(42.5)
    assert middle["apical_tuft"] == pytest.approx(1713.5)


def test_places_round_as_neuron_rounds():
    found = discretise(Cell(sections={"s": Section(L=100, diam=1, nseg=4)}))
    assert [found.node("s", x) for x in (0.1, 0.25, 0.5, 0.99)] == [0, 1, 2, 3]
    assert found.node("s", 0) == found.start_node["s"] != 0
    assert found.area[found.node("s", 1)] == 0


def test_every_node_comes_after_its_parent():
    found = discretise(tree())
    place = {int(n): k for k, n in enumerate(found.order)}
    assert len(place) == found.nodes
    for node, parent in enumerate(found.parent):
        assert parent < 0 or place[int(parent)] < place[node]


def test_a_child_in_the_middle_hangs_on_the_compartment_there():
    found = discretise(tree())
    assert found.start_node["oblique"] == found.node("trunk", 0.5)
    assert found.start_node["basal"] == found.start_node["soma"]


def test_area_does_not_depend_on_the_number_of_compartments():
    def total(n):
        cell = Cell(sections={"s": Section(L=123, diam=4)}, segments=FixedRule(nseg=n))
        return discretise(cell).area.sum()

    assert total(1) == pytest.approx(total(11), rel=1e-14) == pytest.approx(math.pi * 123 * 4)


def test_membrane_currents_sum_to_zero():
    matrix = membrane_current_matrix(discretise(tree()))
    assert np.abs(matrix.sum(axis=0)).max() < 1e-14 * np.abs(matrix).max()


def test_the_axial_dipole_is_the_moment_of_membrane_currents():
    """Σ axial current × length = Σ height × membrane current, whatever the voltages."""
    cell = tree()
    # the oblique starts at a compartment's centre, which lies on the trunk's axis
    found = discretise(cell)
    z = np.zeros(found.nodes)
    for node in found.order:
        section = cell.sections[found.sections[found.section[node]]]
        assert section.start is not None
        assert section.end is not None
        z[node] = section.start[2] + found.x[node] * (section.end[2] - section.start[2])
    v = np.random.default_rng(0).normal(-65, 10, found.nodes)
    axial = dipole_weights(cell, found) @ v
    moment = 1e-6 * z @ (membrane_current_matrix(found) @ v)
    assert axial == pytest.approx(moment, rel=1e-10)
