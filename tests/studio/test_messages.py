"""What goes over the wire: its schema is what the page's types are made from."""

from pathlib import Path

import pytest
from pydantic import ValidationError

import apical
from apical.errors import ModelError
from apical.studio import messages
from apical.studio.setup import Setup

SCHEMA = Path(messages.__file__).parent / "web" / "messages.schema.json"


def test_the_page_has_the_schema_of_these_messages():
    if not SCHEMA.exists():
        pytest.skip("the page's sources are not in what was installed")
    assert SCHEMA.read_text(encoding="utf-8") == messages.schema(), (
        "run: python -c 'from apical.studio import messages; print(messages.schema(), end=\"\")' "
        "> src/apical/studio/web/messages.schema.json, then npm run types"
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"type":"simulate"}', '{"type":"simulate","id":1,"setup":{"dt":NaN}}',
     '{"type":"simulate","id":1,"setup":{"dt":0}}', '{"type":"drawn","seq":1,"more":2}',
     '{"type":"simulate","id":1,"setup":{"grid":[0,3]}}', '{"type":"simulate","id":1e99}',
     '{"type":"simulate","id":1,"setup":{"trials":1000000}}', '{"type":"eval","id":1}'],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(text):
    with pytest.raises(ValidationError):
        messages.from_browser.validate_json(text)


def test_a_setup_is_a_model_with_what_was_changed():
    drive = {
        "kind": "evoked", "mu": 50, "sigma": 2, "location": "distal",
        "targets": {"L2_pyramidal": {"weights": {"ampa": 0.01}}},
    }  # fmt: skip
    setup = Setup(
        grid=(3, 3), removed=("drives.evprox2",), added={"drives": {"extra": drive}},
        values={"drives.extra.mu": 55.0, "drives.evprox1.mu": 30},
    )  # fmt: skip
    network = setup.network({})
    wanted = apical.models.load("erp").scale((3, 3)).remove("drives.evprox2")
    wanted = wanted.add(drives={"extra": {**drive, "mu": 55.0}}).set({"drives.evprox1.mu": 30})
    assert network == wanted


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"model": "epr"}, "model"),
        ({"values": {"drives.evprox1.nu": 1}}, "drives.evprox1.nu"),
        ({"values": {"drives.evprox1.sigma": -1}}, "drives.evprox1.sigma"),
        ({"removed": ("drives.nothing",)}, "drives.nothing"),
        ({"added": {"cells": {"x": {}}}}, "added.cells"),
        ({"added": {"drives": {"evprox1": {}}}}, "drives.evprox1"),
    ],
)
def test_what_is_wrong_in_a_setup_has_its_address(changed, path):
    with pytest.raises(ModelError) as found:
        Setup(**changed).network({})
    assert path in {p.path for p in found.value.problems}
