"""What must fit together in a network."""

from __future__ import annotations

from typing import Any

import pytest
from small_network import LEAK, change, problems_of, small

from apical.errors import ModelError
from apical.model import Network

SOMA = ("cells", "stick", "sections", "soma")
PROJECTION = ("projections", "A>B.exc")
DRIVE = ("drives", "input")


@pytest.mark.parametrize(
    ("keys", "value", "path", "words"),
    [
        ((*SOMA, "L"), -3, None, "must be > 0 um; got -3"),
        ((*SOMA, "lenght"), 3, None, "there is no such field"),
        ((*SOMA, "channels", "leek"), {}, None, "did you mean 'leak'?"),
        ((*SOMA, "channels", "synapse"), {}, None, "must be a channel or pool"),
        ((*SOMA, "channels", "leak", "gg"), 1, None, "'leak' has no parameter 'gg'"),
        ((*SOMA, "channels", "leak", "g"), "3 mV", None, "must be in S/cm2; got '3 mV'"),
        ((*SOMA, "channels", "leak", "g"), "many", None, "must be a number in S/cm2; got 'many'"),
        (
            (*SOMA, "channels", "leak", "g"),
            "exp(distance)",
            "cells.stick.sections.soma.channels.leak.g.expression",
            "",
        ),
        (("ions",), {}, "cells.stick.sections.soma.channels.sodium", "needs 'ena' (mV)"),
        (("ions", "ena"), "3 ms", None, "must be in mV"),
        (("mechanisms", "leak"), {**LEAK, "name": "lek"}, "mechanisms.leak.name", "'leak'"),
        (
            ("cells", "stick", "receptors", "exc", "mechanism"),
            "leak",
            None,
            "must be a receptor; 'leak' is a channel (receptors are synapse)",
        ),
        (("cells", "stick", "receptors", "exc", "parameters"), {"tua": 1},
         "cells.stick.receptors.exc.parameters.tua", "did you mean 'tau'?"),
        (("populations", "A", "cell"), "stik", None, "did you mean 'stick'?"),
        ((*PROJECTION, "source"), "C", None, "no population 'C' (populations are A, B)"),
        ((*PROJECTION, "target"), "C", None, "no population 'C'"),
        ((*PROJECTION, "location"), "dendrit", None, "did you mean 'dendrite'?"),
        ((*PROJECTION, "receptor"), "exz", None, "did you mean 'exc'?"),
        ((*PROJECTION, "receptor"), "inh", None, "no receptor 'inh' at 'everywhere' (soma)"),
        ((*PROJECTION, "rule"), "one_to_one", None, "'A' has 4 cells and 'B' 1"),
        ((*DRIVE, "location"), "tuft", None, "no cell has a place 'tuft'"),
        ((*DRIVE, "targets", "C"), {"weights": {}}, None, "no population 'C'"),
        ((*DRIVE, "targets", "A", "weights", "exd"), 1, None, "did you mean 'exc'?"),
        ((*DRIVE, "targets", "A", "delay"), "-1 ms", None, "must be ≥ 0 ms"),
        (("biases", "step", "population"), "AA", None, "no population 'AA'"),
        (("biases", "step", "section"), "some", None, "did you mean 'soma'?"),
        (("biases", "step", "cells"), [0, 4], None, "'A' has 4 cells, numbers 0 to 3; got 4"),
        (("recordings", "na", "cells"), [1, 1], None, "cell 1 is given twice"),
        (("recordings", "na", "variable"), "pool.na", None, "did you mean 'pool.nai'?"),
        (("recordings", "na", "sections"), ["axon"], None, "no section 'axon'"),
        (("recordings", "na", "sections"), ["dendrite"], "recordings.na.variable",
         "section 'dendrite' has no 'pool.nai'"),
        (("drives", "A"), small()["drives"]["input"], None, "a population has the same name"),
    ],
)  # fmt: skip
def test_one_problem(data: Any, keys: tuple[str, ...], value: Any, path: str, words: str) -> None:
    found = problems_of(change(data, *keys, value=value))
    where = path or ".".join(keys)
    assert where in found, found
    assert words in found[where]


def test_fits() -> None:
    network = Network.model_validate(small())
    assert network.ions == {"ena": 50.0}
    assert network.cells["stick"].sections["soma"].channels["leak"]["g"] == 0.002
    assert network.cells["stick"].receptors["inh"].parameters == {"e": -80.0}
    assert [p.n for p in network.populations.values()] == [4, 1]
    assert network.origin() == (0.0, 0.0, 0.5)


def test_several_problems_at_once(data: Any) -> None:
    data = change(data, *PROJECTION, "receptor", value="gaba")
    data = change(data, *DRIVE, "location", value="tuft")
    data = change(data, "biases", "step", "section", value="axon")
    data = change(data, *SOMA, "channels", "kv", value={})
    assert problems_of(data).keys() == {
        "projections.A>B.exc.receptor", "drives.input.location", "biases.step.section",
        "cells.stick.sections.soma.channels.kv",
    }  # fmt: skip
    with pytest.raises(ModelError) as caught:
        Network(**data)
    assert len(caught.value.problems) == 4


def test_field_problems_all_over(data: Any) -> None:
    data = change(data, *SOMA, "L", value="NaN")
    data = change(data, *DRIVE, "sgima", value=1)
    data = change(data, *PROJECTION, "weight", value=-1)
    data = change(data, "mechanisms", "leak", "equations", value="i = g*v*w")
    found = problems_of(data)
    assert found.keys() >= {
        "cells.stick.sections.soma.L", "drives.input.sgima", "projections.A>B.exc.weight",
    }  # fmt: skip
    assert any(path.startswith("mechanisms.leak.equations") for path in found)
    assert "did you mean 'sigma'?" in found["drives.input.sgima"]


def test_a_place_that_only_other_cells_have(data: Any) -> None:
    ball = {"sections": {"soma": data["cells"]["stick"]["sections"]["soma"]},
            "receptors": data["cells"]["stick"]["receptors"]}  # fmt: skip
    data = change(data, "cells", "ball", value=ball)
    data = change(data, "populations", "A", "cell", value="ball")
    found = problems_of(data)
    assert "no place 'dendrite' (places are soma)" in found["drives.input.targets.A"]


def test_two_pools_of_one_ion(data: Any) -> None:
    pool = {**data["mechanisms"]["pool"], "name": "pool2"}
    data = change(data, "mechanisms", "pool2", value=pool)
    data = change(data, *SOMA, "channels", "pool2", value={})
    found = problems_of(data)
    assert "gives 'nai', and so does 'pool'" in found["cells.stick.sections.soma.channels.pool2"]


def test_a_pool_of_a_current_that_nothing_carries(data: Any) -> None:
    data = change(data, "mechanisms", "pool", "inputs", value={"inaa": "mA/cm2"})
    equations = data["mechanisms"]["pool"]["equations"].replace("ina/", "inaa/")
    found = problems_of(change(data, "mechanisms", "pool", "equations", value=equations))
    assert "did you mean 'ina'?" in found["mechanisms.pool.inputs.inaa"]


def test_pairs_and_trains(data: Any) -> None:
    pairs = {**data["projections"]["A>B.exc"], "rule": "pairs", "pairs": [[3, 0], [4, 0]]}
    found = problems_of(change(data, *PROJECTION, value=pairs))
    assert "(4, 0) is beyond 4 source and 1 target" in found["projections.A>B.exc.pairs"]
    trains = {"kind": "spike_train", "location": "soma", "cell_specific": True,
              "targets": {"A": {"weights": {"exc": 1}}}, "trains": [[1.0]]}  # fmt: skip
    found = problems_of(change(data, *DRIVE, value=trains))
    assert "one train for each of the 4 target cells; got 1" in found["drives.input.trains"]


def test_an_ion_in_the_unit_that_mechanisms_take(data: Any) -> None:
    sodium = {**data["mechanisms"]["sodium"], "inputs": {"ena": "mV", "nao": "mM"}}
    data = change(data, "mechanisms", "sodium", value=sodium)
    data = change(data, "ions", "nao", value="0.14 M")
    assert Network.model_validate(data).ions["nao"] == 140.0


def test_unit_in_every_message_of_a_drive(data: Any) -> None:
    found = problems_of(change(data, *DRIVE, "sigma", value="-3 mV"))
    assert found["drives.input.sigma"] == (
        "must be a number in ms ≥ 0; got '-3 mV': 'mV' and 'ms' do not measure the same thing ()"
    )
