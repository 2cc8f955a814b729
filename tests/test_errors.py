"""Errors say everything, here and in other processes."""

import pickle

import pytest

from apical.errors import EquationError, ModelError, NumericalError, Problem, did_you_mean


@pytest.mark.parametrize(
    "error",
    [
        ModelError([Problem("a.b", "must be 1", "did you mean 1?"), Problem("", "is wrong")]),
        EquationError([Problem("x", "does not balance")]),
        NumericalError("L5_pyramidal", 3, "soma(0.5)", 12.0),
    ],
)
def test_errors_come_back_from_other_processes(error):
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_close_name_is_suggested_or_all_are_listed():
    assert did_you_mean("sigmma", ["sigma", "mu"]) == "did you mean 'sigma'?"
    assert did_you_mean("x", ["sigma", "mu"]) == "options are sigma, mu"
