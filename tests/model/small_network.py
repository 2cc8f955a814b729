"""A small network as plain data: two cells, a channel, a pool, a synapse, a drive."""

from __future__ import annotations

from typing import Any

import pytest

from apical.errors import ModelError
from apical.model import Network

LEAK = {
    "name": "leak",
    "kind": "channel",
    "equations": "i = g*(v - e)",
    "parameters": {"g": "1e-3 S/cm2", "e": "-70 mV"},
    "currents": {"i": ""},
}
SODIUM = {
    "name": "sodium",
    "kind": "channel",
    "equations": "ina = g*(v - ena)",
    "parameters": {"g": "0.01 S/cm2"},
    "inputs": {"ena": "mV"},
    "currents": {"ina": "na"},
}
POOL = {
    "name": "pool",
    "kind": "pool",
    "equations": "influx = max(-ina/(faraday*depth), 0)\ndnai/dt = influx + (rest - nai)/tau",
    "parameters": {"faraday": "96485 C/mol", "depth": "1 um", "rest": "10 mM", "tau": "50 ms"},
    "inputs": {"ina": "mA/cm2"},
    "states": {"nai": "mM"},
    "outputs": {"nai": "mM"},
    "initial": {"nai": "rest"},
}
SYNAPSE = {
    "name": "synapse",
    "kind": "receptor",
    "equations": "dg/dt = -g/tau\ni = g*(v - e)",
    "on_event": "g += weight",
    "parameters": {"tau": "2 ms", "e": "0 mV"},
    "states": {"g": "uS"},
    "currents": {"i": ""},
}


def small() -> dict[str, Any]:
    """Return the data of a network that is right."""
    soma = {
        "L": 20,
        "diam": "20 um",
        "channels": {"leak": {"g": "2 mS/cm2"}, "sodium": {}, "pool": {}},
        "receptors": {"exc": 0.5},
    }
    dendrite = {
        "L": 200.0,
        "diam": 2.0,
        "parent": "soma",
        "channels": {"leak": {"g": "1e-3*S/cm2*exp(-distance/(100*um))"}},
        "receptors": ["exc", "inh"],
    }
    receptors = {
        "exc": {"mechanism": "synapse"},
        "inh": {"mechanism": "synapse", "parameters": {"e": "-80 mV"}},
    }
    cell = {
        "sections": {"soma": soma, "dendrite": dendrite},
        "receptors": receptors,
        "groups": {"everywhere": ["soma", "dendrite"]},
    }
    return {
        "name": "small",
        "ions": {"ena": "50 mV"},
        "mechanisms": {m["name"]: m for m in (LEAK, SODIUM, POOL, SYNAPSE)},
        "cells": {"stick": cell},
        "populations": {
            "A": {"cell": "stick", "positions": {"kind": "grid", "shape": [2, 2]}, "dipole": True},
            "B": {"cell": "stick", "positions": {"kind": "points", "coordinates": [[0, 0, 1]]}},
        },
        "projections": {
            "A>B.exc": {
                "source": "A",
                "target": "B",
                "location": "everywhere",
                "receptor": "exc",
                "weight": "1 nS",
                "delay": 1,
            }
        },
        "drives": {
            "input": {
                "kind": "evoked",
                "location": "dendrite",
                "mu": 20,
                "sigma": "0.5 ms",
                "targets": {"A": {"weights": {"exc": 0.01}}},
            }
        },
        "biases": {"step": {"population": "A", "section": "soma", "amplitude": "100 pA"}},
        "recordings": {"na": {"population": "A", "variable": "pool.nai", "sections": ["soma"]}},
    }


def change(data: Any, *keys: str, value: Any) -> dict[str, Any]:
    """Return data with one value replaced."""
    if not keys:
        return value
    return {**data, keys[0]: change(data.get(keys[0], {}), *keys[1:], value=value)}


def problems_of(data: Any) -> dict[str, str]:
    """Return the problems of a network's data, by path."""
    with pytest.raises(ModelError) as caught:
        Network.model_validate(data)
    return {p.path: f"{p.message} ({p.hint})" for p in caught.value.problems}
