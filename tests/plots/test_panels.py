"""Several axes in one figure."""

import pytest

from apical import plots
from synthetic import make_result


def test_axes_look_as_those_of_all_plots():
    figure, axes = plots.panels(2, titles=["above", "below"], heights=[1, 2])
    own = plots.dipole(make_result(stop=50.0))
    assert [ax.get_title(loc="left") for ax in axes] == ["above", "below"]
    for ax in axes:
        assert not ax.spines["top"].get_visible()
        assert ax.yaxis.label.get_size() == own.yaxis.label.get_size()
    assert axes[0].figure is figure


@pytest.mark.parametrize(
    ("shape", "given"), [((1,), (1, 1)), ((3,), (1, 3)), ((3,), (3, 1)), ((2, 3), (2, 3))]
)
def test_axes_are_a_row_or_a_table(shape, given):
    assert plots.panels(*given)[1].shape == shape


def test_only_the_lowest_of_shared_axes_says_what_time_is():
    result = make_result(stop=50.0)
    _, (above, below) = plots.panels(2, sharex=True)
    plots.dipole(result, ax=above)
    plots.layers(result, ax=below)
    assert (above.get_xlabel(), below.get_xlabel()) == ("", "Time (ms)")


def test_panels_can_have_three_dimensions():
    _, (ax,) = plots.panels(projection="3d")
    assert ax.name == "3d"
