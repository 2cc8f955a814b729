"""What leaves the studio: scripts that compile and give the same, figures, tables and models."""

import runpy

import numpy as np
import pytest

import apical
from apical.errors import ModelError
from apical.studio import export
from apical.studio.opened import session_of
from apical.studio.setup import Setup, View
from pages import setup_of, small

DRIVE = small().drives["late"].model_dump(mode="json")


@pytest.fixture
def session():
    made = session_of(lambda frame: None, "small", small(), duration=16.0, dt=0.05)
    yield made
    made.close()


def asked(setup, name="", **view):
    return export.Asked(setup=setup, view=View(**view), name=name)


SETUPS = {
    "as it is": {},
    "values": {"values": {"drives.early.mu": 4.0, "cells.cell.sections.cable.L": 61.0}},
    "text": {"values": {"drives.early.mu": "4.5 ms"}},
    "removed": {"removed": ["drives.late"]},
    "added": {"added": {"drives": {"another": {**DRIVE, "trains": [[2.0, 5.0]]}}}},
    "trials": {"trials": 2, "seed": 5, "precision": "double"},
    "all": {
        "values": {"drives.another.trains": [[3.0]], "celsius": 7.0},
        "removed": ["drives.early"], "added": {"drives": {"another": DRIVE}},
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", SETUPS)
def test_a_script_of_every_kind_of_setup_compiles_and_gives_the_same(
    session, tmp_path, monkeypatch, capsys, kind
):
    setup = setup_of(**SETUPS[kind])
    text = export.script(session, asked(setup))
    compile(text, "script.py", "exec")
    # figures are another test's; the digest is printed before
    (tmp_path / "small.json").write_text(small().to_json(), encoding="utf-8")
    (tmp_path / "script.py").write_text(text.split("shown = result")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path("script.py")
    assert capsys.readouterr().out.split() == [session.result(setup).digest()]


@pytest.mark.parametrize(
    "bad",
    [
        {"added": {"x=__import__('os').system('id'), electrodes": {"a": 1}}},
        {"model": 'm", overwrite=True)\nimport os; os.system("id")#'},
        {"values": {"drives.nothing.mu": 1.0}},
        {"removed": ('")\nimport os#',)},
        {"values": {"celsius": float("nan")}},
        {"trials": 100, "duration": 10_000.0, "dt": 0.001},
    ],
)
def test_what_is_no_model_gives_no_script(session, bad):
    with pytest.raises(ModelError):
        export.script(session, asked(Setup(**bad)))


@pytest.mark.parametrize("model", ["erp", "gamma_weak"])
def test_scripts_of_library_models_compile(session, model):
    setup = Setup(model=model, grid=(2, 2), values={"celsius": 36.5})
    text = export.script(session, asked(setup, scale=3.0, smooth=20.0))
    compile(text, "script.py", "exec")
    assert f"models.load('{model}')" in text
    assert "scale((2, 2))" in text
    assert ".smooth(20.0)" in text


@pytest.mark.parametrize(
    "name",
    ['"""; import os; os.remove("x")  # ', "back\\slash", "line\nbreak", "é ✓", "'", "", "../../x"],
)
def test_no_name_ends_the_text_it_stands_in(session, name):
    text = export.script(session, asked(setup_of(), name=name))
    code = compile(text, "script.py", "exec")
    assert "os" not in code.co_names
    file = export.file_name(asked(setup_of(), name=name))
    assert file.isascii()
    assert "/" not in file
    assert "\\" not in file


def test_a_script_compares_with_the_recording(session):
    from apical.studio import uploads

    rows = "\n".join(f"{t} {t % 7}" for t in range(17)).encode()
    how = uploads.How(time_unit="ms", value_unit="nAm")
    data = uploads.read_data(rows, "a.txt", how)
    info = session.add_data("data-key", "a.txt", data)
    text = export.script(
        session, asked(setup_of(), data=info.key, shift=2.0, factor=3.0, tmin=1.0, tmax=9.0)
    )
    compile(text, "script.py", "exec")
    assert "tmin=1.0, tmax=9.0" in text
    assert "+ 2.0" in text
    assert "* 3.0" in text


def test_the_table_is_the_dipole_as_shown(session):
    setup = setup_of(trials=2)
    found = export.KINDS["dipole.csv"].make(session, asked(setup, scale=2.0)).decode()
    lines = found.splitlines()
    assert lines[0] == "time (ms),dipole (nAm),cells (nAm)"
    table = np.array([line.split(",") for line in lines[1:]], float)
    wanted = session.result(setup).scale(2.0).average().total().squeeze()
    np.testing.assert_allclose(table[:, 0], wanted["time"].values)
    np.testing.assert_allclose(table[:, 1], wanted.values, rtol=1e-6)


def test_results_and_models_are_read_again(session, tmp_path):
    setup = setup_of(values={"drives.early.mu": 4.0})
    path = tmp_path / "result.nc"
    path.write_bytes(export.KINDS["result.nc"].make(session, asked(setup)))
    assert apical.load(path).identical(session.result(setup))
    model = export.KINDS["model.json"].make(session, asked(setup))
    assert apical.Network.from_json(model).drives["early"].mu == 4.0
