"""Requests to record: their fields, and what networks refuse."""

from __future__ import annotations

import numpy as np
import pytest

from apical import Recording
from apical.errors import ModelError
from apical.testing.networks import one_cell, tree


def test_ranges_are_lists() -> None:
    assert Recording(population="cells", cells=range(3)).cells == (0, 1, 2)


def test_one_of_something_needs_no_list() -> None:
    one = Recording(population="A", sections="soma", cells=np.int64(3))  # type: ignore[arg-type]
    assert one == Recording(population="A", sections=("soma",), cells=(3,))
    assert Recording(population="A", every="0.1 ms").every == 0.1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cells": "some"}, "cells: must be 'all' or a list of cell indices"),
        ({"cells": True}, "cells: must be"),
        ({"cells": -1}, "cells: must be a list of cell indices"),
        ({"sections": []}, "sections: must be a list of section names"),
        ({"x": 1.5}, "x: must be from 0 to 1"),
        ({"every": 0}, "every: must be > 0 ms"),
        ({"precision": "half"}, "precision"),
    ],
)
def test_fields_that_make_no_sense(fields, message) -> None:
    with pytest.raises(ModelError, match=message):
        Recording(population="A", **fields)


@pytest.mark.parametrize(
    ("variable", "unit"),
    [
        ("v", "V"), ("i_membrane", "mA/cm2"), ("excitation.i", "pA"), ("cad.cai", "uM"),
        ("hh2.ina", "nA"), ("hh2.m", "1"), ("hh2.m_tau", "s"), ("cad.influx", "mM/s"),
    ],
)  # fmt: skip
def test_everything_that_equations_name(variable, unit) -> None:
    request = Recording(population="cells", variable=variable)
    for recording in (request, request.with_(unit=unit)):
        assert one_cell(tree(), recordings={"r": recording}).recordings["r"] == recording


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"variable": "excitation.g"}, "no 'excitation.g' .did you mean"),
        ({"variable": "hh2.gnabar"}, "no 'hh2.gnabar'"),
        ({"variable": "ca.ica", "sections": "basal"}, "section 'basal' has no 'ca.ica'"),
        ({"variable": "cad.cai", "unit": "mV"}, "unit: 'mM' cannot be converted to 'mV'"),
        ({"variable": "v", "unit": "furlong"}, "unit: unknown unit 'furlong'"),
    ],
)
def test_what_cells_do_not_have(fields, message) -> None:
    with pytest.raises(ModelError, match=f"recordings.r.*{message}"):
        one_cell(tree(), recordings={"r": Recording(population="cells", **fields)})
