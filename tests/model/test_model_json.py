"""Networks as JSON: exact round trips, strict reading, nothing but our errors."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_network import change, small

from apical.errors import FileFormatError, ModelError
from apical.model import Cell, Network

_ROUND = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


def test_round_trip(network: Network) -> None:
    text = network.to_json()
    again = Network.from_json(text)
    assert again == network
    assert again.to_json() == text
    assert again.content_hash() == network.content_hash()
    assert Network.from_json(text.encode()) == network
    assert Network.model_validate_json(text) == network
    assert Network.model_validate(network.model_dump()) == network
    assert json.loads(text)["format"] == "apical-network"


def test_parts_have_files_too(network: Network) -> None:
    cell = network.cells["stick"]
    assert Cell.from_json(cell.to_json()) == cell
    with pytest.raises(FileFormatError, match="not a file of format 'apical-network'; its format"):
        Network.from_json(cell.to_json())


def test_hash_is_blind_to_order_and_not_to_content(network: Network) -> None:
    data = small()
    turned = {key: dict(reversed(value.items())) if isinstance(value, dict) else value
              for key, value in reversed(data.items())}  # fmt: skip
    same = Network.model_validate(turned)
    assert same == network
    assert same.content_hash() == network.content_hash()
    assert network.set({"drives.input.mu": 20.000001}).content_hash() != network.content_hash()


def test_hash_is_stable() -> None:
    # a change of this value makes every cached result stale: only on purpose
    section = {"L": 1, "diam": 2.5, "channels": {"leak": {"g": 0.1}}}
    cell = Cell.model_validate({"sections": {"soma": section}})
    assert cell.content_hash() == "87836b608d88f98ca171e6592cee424f"


def test_schema_covers_the_whole_network(network: Network) -> None:
    schema = Network.json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert schema["properties"].keys() == {"format", "version", *Network.model_fields}
    assert schema["additionalProperties"] is False
    evoked = schema["$defs"]["EvokedDrive"]["properties"]
    assert (evoked["sigma"]["unit"], evoked["sigma"]["minimum"]) == ("ms", 0)
    assert evoked["targets"]["additionalProperties"] == {"$ref": "#/$defs/DriveTarget"}
    assert json.loads(network.to_json()).keys() == schema["properties"].keys()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "line 1"),
        ("[]", "not a file of format 'apical-network'"),
        ("{}", "not a file of format"),
        ('{"format": "apical-network"}', "version None"),
        ('{"format": "apical-network", "version": 2}', "a newer apical wrote it"),
        ('{"format": "apical-network", "version": true}', "version True"),
        ('{"a": 1, "a": 2}', "'a' stands twice"),
        ('{"a": "NaN",\n"b": NaN}', "'NaN' on line 2 is not a finite number"),
        ('{"a": -Infinity}', "not a finite number"),
        ('{"a": 1e999}', "too large"),
        ("[" * 65 + "]" * 65, "deeper than 64"),
        ("[" * 100_000 + "]" * 100_000, "deeper than 64"),
        ('{"a": ' * 70 + "1" + "}" * 70, "deeper than 64"),
        ("1" * 5000, "not a"),
        (b"\xff\xfe", "not UTF-8"),
        (b" " * 64_000_001, "larger than 64 MB"),
    ],
)
def test_bad_files(text: str | bytes, words: str) -> None:
    with pytest.raises(FileFormatError, match=words):
        Network.from_json(text)


def test_depth_64_is_read() -> None:
    with pytest.raises(FileFormatError, match="not a file of format"):
        Network.from_json("[" * 64 + "]" * 64)


def test_a_byte_order_mark_is_accepted(network: Network) -> None:
    assert Network.from_json(b"\xef\xbb\xbf" + network.to_json().encode()) == network


def test_lone_surrogates_are_refused() -> None:
    with pytest.raises(ModelError, match="title"):
        Network.model_validate_json('{"title": "\\ud800"}')


def test_nothing_is_evaluated() -> None:
    with pytest.raises(ModelError):
        Network.model_validate({"celsius": "__import__('os').getpid()"})
    with pytest.raises(ModelError, match="celsius"):
        Network.model_validate_json('{"celsius": "1e999 degC"}')


_scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8) | st.sampled_from(["soma", "evoked", "grid", "3 mV", "v", "leak", "A"])
)  # fmt: skip
_garbage = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=6)
            | st.sampled_from(
                [
                    "cells",
                    "sections",
                    "soma",
                    "drives",
                    "kind",
                    "L",
                    "diam",
                    "channels",
                    "A",
                    "name",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@_ROUND
@given(st.text(max_size=40) | st.binary(max_size=40))
def test_random_text(text: str | bytes) -> None:
    with pytest.raises(FileFormatError):
        Network.from_json(text)


@_ROUND
@given(st.dictionaries(st.sampled_from(list(Network.model_fields)), _garbage, max_size=5))
def test_random_content(content: dict[str, Any]) -> None:
    text = json.dumps({"format": "apical-network", "version": 1, **content})
    network = None
    with contextlib.suppress(ModelError, FileFormatError):
        network = Network.from_json(text)
    if network is not None:
        assert Network.from_json(network.to_json()) == network


def _addresses(data: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(data, dict):
        return [prefix]
    nested = [a for k, v in data.items() for a in _addresses(v, (*prefix, k))]
    return [prefix, *nested] if prefix else nested


@_ROUND
@given(st.sampled_from(_addresses(small())), _garbage)
def test_one_spoilt_value(keys: tuple[str, ...], value: Any) -> None:
    found: Network | ModelError
    try:
        found = Network.model_validate(change(small(), *keys, value=value))
    except ModelError as error:
        found = error
    if isinstance(found, Network):
        assert Network.from_json(found.to_json()) == found
    else:
        assert all(p.path and p.message for p in found.problems)
