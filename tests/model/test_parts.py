"""Parts by themselves: fields, units, frozen values, and words of their errors."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apical.errors import ModelError
from apical.model import (
    Cell,
    CurrentClamp,
    EvokedDrive,
    FrozenDict,
    Gaussian,
    Grid,
    Mechanism,
    Points,
    Profile,
    Projection,
    Recording,
    Section,
    SpikeTrainDrive,
    StaggeredGrid,
)


def messages(error: pytest.ExceptionInfo[ModelError]) -> dict[str, str]:
    return {p.path: f"{p.message} ({p.hint})" for p in error.value.problems}


def test_text_with_units_becomes_floats() -> None:
    section = Section(L="0.2 mm", diam=2, Ra="2 ohm m", cm="1e-2 F/m2", v0="-0.07 V")  # type: ignore[arg-type]
    assert (section.L, section.diam, section.Ra) == (200.0, 2.0, 200.0)
    assert (section.cm, section.v0) == (1.0, -70.0)
    assert type(section.diam) is float


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-3, "must be > 0 um; got -3"),
        ("3 mV", "must be a number in um > 0"),
        (float("nan"), "must be a finite number in um; got nan"),
        ("nan um", "must be a finite number in um; got 'nan um'"),
        (float("inf"), "finite"),
        (True, "must be a number in um"),
        (None, "must be a number in um"),
        ([1], "must be a number in um"),
        ("", "must be a number in um"),
        (10**400, "got a huge number"),
    ],
)
def test_wrong_length(value: object, words: str) -> None:
    with pytest.raises(ModelError) as caught:
        Section(L=value, diam=1)  # type: ignore[arg-type]
    assert words in messages(caught)["L"]


def test_all_problems_at_once_with_suggestions() -> None:
    with pytest.raises(ModelError) as caught:
        EvokedDrive(locaton="soma", mu=1, sigma=-1, targets={"A": {"weigths": {}}})  # type: ignore[call-arg]
    found = messages(caught)
    assert found.keys() == {
        "location", "locaton", "sigma", "targets.A.weights", "targets.A.weigths",
    }  # fmt: skip
    assert "did you mean 'location'?" in found["locaton"]
    assert "did you mean 'weights'?" in found["targets.A.weigths"]
    assert found["sigma"].startswith("must be ≥ 0 ms; got -1")


@pytest.mark.parametrize("count", [0, 1.5, True, "2", 10**9])
def test_whole_numbers(count: object) -> None:
    with pytest.raises(ModelError) as caught:
        EvokedDrive(location="soma", mu=1, sigma=1, n_spikes=count)  # type: ignore[arg-type]
    assert "whole number from 1 to 10000" in messages(caught)["n_spikes"]


def test_parts_are_frozen() -> None:
    cell = Cell(sections={"soma": {"L": 1, "diam": 1}})  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="frozen"):
        cell.threshold = 3.0
    with pytest.raises(AttributeError, match="frozen"):
        del cell.threshold
    with pytest.raises(TypeError):
        cell.sections["axon"] = 3  # type: ignore[index]
    with pytest.raises(AttributeError, match="frozen"):
        cell.sections._data = {}
    assert cell.threshold == 0.0


def test_given_containers_are_not_kept() -> None:
    given = {"soma": {"L": 1, "diam": 1, "start": [0, 0, 0], "end": [0, 0, 1]}}
    before = copy.deepcopy(given)
    cell = Cell(sections=given)  # type: ignore[arg-type]
    assert given == before
    given["soma"]["end"][2] = 7
    assert cell.sections["soma"].end == (0.0, 0.0, 1.0)


def test_copies_are_validated() -> None:
    section = Section(L=1, diam=1)
    assert section.model_copy(update={"L": "1 mm"}).L == 1000.0
    with pytest.raises(ModelError):
        section.model_copy(update={"L": -1})
    assert copy.deepcopy(section) == section


def test_frozen_dict() -> None:
    a, b = FrozenDict({"x": 1, "y": 2}), FrozenDict({"y": 2, "x": 1})
    assert a == b == {"x": 1, "y": 2}
    assert hash(a) == hash(b)
    assert list(b) == ["y", "x"]
    assert a != {"x": 1}
    assert copy.deepcopy(a) is a
    copied, arguments = a.__reduce__()
    assert copied(*arguments) == a


def test_one_root() -> None:
    soma = {"L": 1, "diam": 1}
    with pytest.raises(ModelError, match="only one may be without parent; a, b are"):
        Cell(sections={"a": soma, "b": soma})  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="at least one section"):
        Cell(sections={})  # type: ignore[arg-type]


def test_rings_of_sections() -> None:
    def at(parent: str | None) -> dict[str, object]:
        return {"L": 1, "diam": 1, "parent": parent}

    sections = {"root": at(None), "a": at("c"), "b": at("a"), "c": at("b"), "tail": at("a")}
    with pytest.raises(ModelError) as caught:
        Cell(sections=sections)  # type: ignore[arg-type]
    assert messages(caught) == {"sections.a.parent": "a tree has no rings: a → c → b → a ()"}
    with pytest.raises(ModelError, match="no rings: self → self"):
        Cell(sections={"self": at("self")})  # type: ignore[arg-type]


def test_names_in_a_cell() -> None:
    with pytest.raises(ModelError) as caught:
        Cell(
            sections={
                "soma": {"L": 1, "diam": 1, "receptors": ["amp"]},
                "trunk": {"L": 1, "diam": 1, "parent": "sooma"},
            },  # type: ignore[arg-type]
            receptors={"ampa": {"mechanism": "exp2syn"}},  # type: ignore[arg-type]
            groups={"all": ["some", "soma", "soma"], "soma": ["trunk"], "none": []},  # type: ignore[arg-type]
            spike_site={"section": "axon"},  # type: ignore[arg-type]
            axis=(0, 0, 0),
        )
    found = messages(caught)
    assert found.keys() == {
        "sections.trunk.parent", "groups.all", "groups.soma", "groups.none", "axis",
        "sections.soma.receptors.amp", "spike_site.section",
    }  # fmt: skip
    assert "did you mean 'soma'?" in found["sections.trunk.parent"]
    assert "did you mean 'ampa'?" in found["sections.soma.receptors.amp"]


@pytest.mark.parametrize("name", ["", " a", "a ", "a.b", "a/b", "x" * 101, "a\n", "é b"])
def test_wrong_names(name: str) -> None:
    with pytest.raises(ModelError, match="must be a name of 1 to 100 letters"):
        Cell(sections={name: {"L": 1, "diam": 1}})  # type: ignore[arg-type]


def test_spike_site_is_the_root_by_default() -> None:
    cell = Cell(sections={"b": {"L": 1, "diam": 1, "parent": "a"}, "a": {"L": 1, "diam": 1}})  # type: ignore[arg-type]
    assert (cell.spike_site.section, cell.spike_site.x) == ("a", 0.5)
    assert cell.root == "a"


def test_end_points_come_in_pairs() -> None:
    with pytest.raises(ModelError, match="end: is required"):
        Section(L=1, diam=1, start=(0, 0, 0))
    with pytest.raises(ModelError, match="end: must differ from start"):
        Section(L=1, diam=1, start=(0, 0, 0), end=(0, 0, 0))
    with pytest.raises(ModelError, match="start: must be three numbers in um; got 2"):
        Section(L=1, diam=1, start=(0, 0), end=(0, 0, 0))  # type: ignore[arg-type]


def test_densities() -> None:
    given = {
        "a": {"g": 1, "h": "250 pS/um2", "p": "1e-6*S/cm2*exp(0.003/um*distance)", "q": "3"},
        "b": {"g": {"expression": "distance*1*S"}},
    }
    channels = Section(L=1, diam=1, channels=given).channels  # type: ignore[arg-type]
    assert channels["a"]["g"] == 1.0
    assert channels["a"]["h"] == "250 pS/um2"
    assert channels["a"]["q"] == "3"
    assert channels["a"]["p"] == Profile(expression="1e-6*S/cm2*exp(0.003/um*distance)")
    assert channels["b"]["g"] == Profile(expression="distance*1*S")
    with pytest.raises(ModelError) as caught:
        Section(L=1, diam=1, channels={"a": {"g": {"expresion": "1"}, "h": float("nan")}})  # type: ignore[arg-type]
    found = messages(caught)
    assert "did you mean 'expression'?" in found["channels.a.g.expresion"]
    assert "finite number" in found["channels.a.h"]


def test_kinds() -> None:
    with pytest.raises(ModelError) as caught:
        Cell(sections={"soma": {"L": 1, "diam": 1}}, segments={"kind": "lamda"})  # type: ignore[arg-type]
    assert "did you mean 'lambda'?" in messages(caught)["segments.kind"]
    with pytest.raises(ModelError) as caught:
        Cell(sections={"soma": {"L": 1, "diam": 1}}, segments={"fraction": 0.1})  # type: ignore[arg-type]
    assert messages(caught) == {"segments.kind": "is required: 'length', 'lambda' or 'fixed' ()"}
    # the tag of the union is not part of the address
    with pytest.raises(ModelError) as caught:
        Cell(sections={"soma": {"L": 1, "diam": 1}}, segments={"kind": "lambda", "fraction": 0})  # type: ignore[arg-type]
    assert messages(caught).keys() == {"segments.fraction"}


def test_positions() -> None:
    assert Grid(shape=(2, 3), z=5).points(10.0) == (
        (0, 0, 5), (0, 10, 5), (0, 20, 5), (10, 0, 5), (10, 10, 5), (10, 20, 5),
    )  # fmt: skip
    staggered = StaggeredGrid(shape=(10, 10)).points(1.0)
    assert len(staggered) == 35
    assert staggered[:5] == ((0, 0, 0), (3, 0, 0), (6, 0, 0), (9, 0, 0), (1, 1, 0))
    assert StaggeredGrid(shape=(2, 2)).points(2.0) == ((0, 0, 0), (2, 2, 0))
    assert Points(coordinates=[(1, 2, "3 mm")]).points(7.0) == ((1, 2, 3000),)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="coordinates: must be a list of points"):
        Points(coordinates=[])  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="shape: at most 1000000 cells"):
        Grid(shape=(10_000, 10_000))


def test_trains_and_arrays() -> None:
    np = pytest.importorskip("numpy")
    drive = SpikeTrainDrive(location="soma", trains=[np.array([1.0, 2.0]), ["3 ms"]])  # type: ignore[arg-type]
    assert drive.trains == ((1.0, 2.0), (3.0,))
    assert not drive.cell_specific
    with pytest.raises(ModelError, match=r"trains: must be .* item 0 must be .* item 1 must be"):
        SpikeTrainDrive(location="soma", trains=[[1.0, "x"]])  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="n_cells: must be the number of trains, 1; got 2"):
        SpikeTrainDrive(location="soma", trains=[[1.0]], n_cells=2)  # type: ignore[arg-type]


def test_fields_that_exclude_each_other() -> None:
    with pytest.raises(ModelError, match="n_cells: cell-specific drives"):
        EvokedDrive(location="soma", mu=1, sigma=1, n_cells=3)
    with pytest.raises(ModelError, match="stop: must be after start"):
        CurrentClamp(population="A", section="soma", amplitude=1, start=5, stop=5)
    with pytest.raises(ModelError, match="pairs: are only used with rule 'pairs'"):
        Projection(
            source="A", target="B", location="soma", receptor="exc", weight=1, delay=1,
            pairs=[(0, 1)],  # type: ignore[arg-type]
        )  # fmt: skip
    with pytest.raises(ModelError, match="space_constant: must be > 0; got 0"):
        Gaussian(space_constant=0)
    with pytest.raises(ModelError, match="cells: must be 'all' or a list of cell indices"):
        Recording(population="A", cells="some")  # type: ignore[arg-type]


def test_equations_are_checked_where_they_stand() -> None:
    with pytest.raises(ModelError) as caught:
        Mechanism(
            name="bad", kind="channel", equations="i = g*(v - ee)",
            parameters={"g": "1 S/cm2", "e": "-70 mX"}, currents={"i": ""},  # type: ignore[arg-type]
        )  # fmt: skip
    found = messages(caught)
    assert "mX" in found["parameters.e"]
    assert any(path.startswith("equations") and "ee" in text for path, text in found.items())


def test_equal_parts_hash_equally() -> None:
    one = Section(L=1, diam=2, channels={"a": {"g": 1.0}, "b": {}}, v0=0.0)  # type: ignore[arg-type]
    two = Section(diam=2, L="1 um", channels={"b": {}, "a": {"g": 1.0}}, v0=-0.0)  # type: ignore[arg-type]
    assert one == two
    assert hash(one) == hash(two)
    assert one.content_hash() == two.content_hash()
    assert one.content_hash() != one.set({"L": 2}).content_hash()


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-300, max_value=1e6))
def test_floats_survive_json_exactly(value: float) -> None:
    section = Section(L=value, diam=1)
    assert value == Section.from_json(section.to_json()).L


def test_schema_names_units() -> None:
    properties = Section.json_schema()["properties"]
    assert properties["L"]["unit"] == "um"
    assert properties["L"]["exclusiveMinimum"] == 0
