"""Files dropped on the page: read where they are clear, asked about where they are not."""

import runpy

import numpy as np
import pytest

from apical import models
from apical.errors import FileFormatError
from apical.studio.uploads import Choice, How, key_of, read_data, read_model

NOTHING = How()


def text(times, *columns, header=""):
    rows = ["\t".join(f"{x:.9g}" for x in row) for row in zip(times, *columns, strict=True)]
    return (header + "\n".join(rows)).encode()


TIMES = np.arange(0, 170, 0.5)
WAVE = 20 * np.sin(TIMES / 20)


def read_by_its_code(array, folder, data, name):
    """Run the lines that the script will have."""
    (folder / name).write_bytes(data)
    code = array.attrs["code"].replace(repr(name), repr(str(folder / name)))
    script = folder / "script.py"
    script.write_text(f"import numpy as np\nimport xarray as xr\n\nimport apical\n\n{code}\n")
    return runpy.run_path(str(script))["recorded"]


@pytest.mark.parametrize(
    ("data", "how"),
    [
        (text(TIMES, WAVE), NOTHING),
        (text(TIMES, WAVE, header="time (ms)\tdipole (nAm)\n"), NOTHING),
        (text(TIMES / 1000, WAVE), How(time_unit="s")),
        (text(TIMES, WAVE * 1e-9), How(value_unit="Am")),
        (text(TIMES, WAVE + 1, WAVE), How(column=3)),
        (text(TIMES + 50, WAVE), How(start=0.0)),
        ("\n".join(f"{x:.9g}" for x in WAVE).encode(), How(rate=2000.0)),
    ],
    ids=["plain", "header", "seconds", "Am", "column", "start", "rate"],
)
def test_a_recording_is_read_as_was_said_and_so_does_its_script(data, how, tmp_path):
    array = read_data(data, "wave.txt", how)
    np.testing.assert_allclose(array["time"], TIMES, atol=1e-6)
    np.testing.assert_allclose(array, WAVE, rtol=1e-6, atol=1e-6)
    again = read_by_its_code(array, tmp_path, data, "wave.txt")
    np.testing.assert_array_equal(again["time"], array["time"])
    np.testing.assert_array_equal(again, array)


@pytest.mark.parametrize(
    ("data", "word", "guess"),
    [
        (text(TIMES / 1000, WAVE), "seconds", How(time_unit="s")),
        (text(TIMES, WAVE * 1e-9), "nAm", How(value_unit="Am")),
        (text(TIMES, WAVE, WAVE), "columns", How(column=2)),
        (text(TIMES / 1000, WAVE * 1e-9), "seconds", How(time_unit="s", value_unit="Am")),
        (
            text(TIMES / 1000, WAVE * 1e-9, WAVE * 1e-9),
            "columns",
            How(column=2, time_unit="s", value_unit="Am"),
        ),
        (b"1\n2\n3\n", "samples a second", How(column=1, rate=1000.0, start=0.0)),
    ],
    ids=["seconds", "Am", "columns", "seconds and Am", "columns in SI units", "no times"],
)
def test_what_is_not_clear_is_asked(data, word, guess):
    choice = read_data(data, "wave.txt", NOTHING)
    assert isinstance(choice, Choice)
    assert word in choice.reason
    assert choice.guess == guess
    assert not isinstance(read_data(data, "wave.txt", guess), Choice)


@pytest.mark.parametrize(
    "data", [b"", b"\0\1\2", b"hello world", b"words\nof four are here", b"# nothing\n", b"1 2\n"]
)
def test_what_is_no_recording_is_refused_with_its_name(data):
    with pytest.raises(FileFormatError, match=r"wave\.txt"):
        read_data(data, "some/folder/wave.txt", NOTHING)


def test_equal_samples_have_equal_keys():
    first, second = (read_data(text(TIMES, WAVE), name, NOTHING) for name in ("a.txt", "b.txt"))
    assert key_of(first) == key_of(second)
    assert key_of(first) != key_of(first + 1)


def test_models_of_apical_and_of_hnn_are_read():
    network = models.load("erp")
    read, code = read_model(network.to_json().encode(), "erp.json")
    assert read == network
    assert "open('erp.json', \"rb\")" in code


def test_what_is_no_model_is_refused():
    with pytest.raises(FileFormatError):
        read_model(b"{}", "x.json")
