"""Units: dimension and power of ten, so that conversion between them is exact.

Numbers inside apical are plain floats in these units: ms, mV, nA, µS, S/cm², µm, Ω·cm,
µF/cm², mM, °C, Hz, nAm, µV. Text such as ``"20 ms"`` or ``"60 pS/um2"`` is accepted at the
border and converted.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

# length, mass, time, current, temperature, amount
Dimension = tuple[int, int, int, int, int, int]
_NONE: Dimension = (0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Unit:
    """A unit of measurement: SI dimension and power of ten.

    Parameters
    ----------
    dimension : tuple of int
        Exponents of metre, kilogram, second, ampere, kelvin and mole.
    power : int
        The unit is ``10**power`` of the coherent SI unit of that dimension.
    """

    dimension: Dimension = _NONE
    power: int = 0

    def __mul__(self, other: Unit) -> Unit:
        pairs = zip(self.dimension, other.dimension, strict=True)
        return Unit(tuple(a + b for a, b in pairs), self.power + other.power)  # type: ignore[arg-type]

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, n: int) -> Unit:
        return Unit(tuple(a * n for a in self.dimension), self.power * n)  # type: ignore[arg-type]

    @property
    def is_dimensionless(self) -> bool:
        """Whether this is a pure number (of any power of ten)."""
        return self.dimension == _NONE

    def factor_to(self, other: Unit) -> float:
        """Return the number that turns a value in this unit into one in `other`.

        Raises
        ------
        ValueError
            If the two do not measure the same thing.
        """
        if self.dimension != other.dimension:
            raise ValueError(f"'{self}' and '{other}' do not measure the same thing")
        return power_of_ten(self.power - other.power)

    def __str__(self) -> str:
        if self.is_dimensionless:
            return "1" if self.power == 0 else f"10^{self.power}"
        for name in _SHOWN:
            if parse_unit(name) == self:
                return name
        for name in _SHOWN:
            shown = parse_unit(name)
            if shown.dimension == self.dimension:
                return f"10^{self.power - shown.power} {name}"
        base = zip(("m", "kg", "s", "A", "K", "mol"), self.dimension, strict=True)
        text = " ".join(n if e == 1 else f"{n}^{e}" for n, e in base if e)
        return text if self.power == 0 else f"10^{self.power} {text}"


def conversion(unit: str, wanted: str) -> tuple[float, int]:
    """Return what turns values in one unit into another: a factor, and a power of an area.

    A density is turned into what it is of a whole area (power 1), and back (power −1).

    Parameters
    ----------
    unit, wanted : str
        Such as ``mA/cm2`` and ``nA``.

    Returns
    -------
    factor : float
    power : int
        Of an area in µm², by which is multiplied too.

    Raises
    ------
    ValueError
        If the two have nothing to do with each other, or are no units.
    """
    given, other, area = parse_unit(unit), parse_unit(wanted), parse_unit("um2")
    for power in (0, 1, -1):
        total = given * area**power
        if total.dimension == other.dimension:
            return total.factor_to(other), power
    raise ValueError(f"'{unit}' cannot be converted to '{wanted}'")


def power_of_ten(n: int) -> float:
    """Return 10**n, correctly rounded for negative n too."""
    return float(f"1e{n}")


DIMENSIONLESS = Unit()

_BASE: dict[str, Unit] = {
    "m": Unit((1, 0, 0, 0, 0, 0)),
    "g": Unit((0, 1, 0, 0, 0, 0), -3),
    "s": Unit((0, 0, 1, 0, 0, 0)),
    "A": Unit((0, 0, 0, 1, 0, 0)),
    "K": Unit((0, 0, 0, 0, 1, 0)),
    "mol": Unit((0, 0, 0, 0, 0, 1)),
    "V": Unit((2, 1, -3, -1, 0, 0)),
    "S": Unit((-2, -1, 3, 2, 0, 0)),
    "F": Unit((-2, -1, 4, 2, 0, 0)),
    "C": Unit((0, 0, 1, 1, 0, 0)),
    "J": Unit((2, 1, -2, 0, 0, 0)),
    "Hz": Unit((0, 0, -1, 0, 0, 0)),
    "ohm": Unit((2, 1, -3, -2, 0, 0)),
    "M": Unit((-3, 0, 0, 0, 0, 1), 3),
    "l": Unit((3, 0, 0, 0, 0, 0), -3),
}
_ALIASES = {
    "Ω": "ohm",
    "Ohm": "ohm",
    "mho": "S",
    "siemens": "S",
    "kelvin": "K",
    "coulomb": "C",
    "joule": "J",
    "volt": "V",
    "amp": "A",
    "second": "s",
    "metre": "m",
    "molar": "M",
}
_PREFIXES = {
    "f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "c": -2, "d": -1,
    "k": 3, "M": 6, "G": 9,
}  # fmt: skip
# degC is a temperature *difference or reading* on its own scale: never mixed with kelvin.
_WHOLE = {
    "1": DIMENSIONLESS,
    "": DIMENSIONLESS,
    "degC": Unit((0, 0, 0, 0, 1, 0)),
    "°C": Unit((0, 0, 0, 0, 1, 0)),
    "nAm": Unit((1, 0, 0, 1, 0, 0), -9),
    "fAm": Unit((1, 0, 0, 1, 0, 0), -15),
}
_SHOWN = (
    "ms", "mV", "nA", "uS", "S/cm2", "mA/cm2", "um", "ohm cm", "uF/cm2", "mM", "degC", "Hz", "nAm",
    "uV", "1/ms", "mV/ms", "mM/ms", "uS/ms", "1/mV", "cm", "um2", "s", "V", "A", "S", "C/mol",
)  # fmt: skip
_TOKEN = re.compile(r"\s*([*·/ ]?)\s*([A-Za-zΩµμ°]+|1)\s*(?:\^|\*\*)?\s*(-?\d+|[²³])?\s*")
_TEN = re.compile(r"10\^(-?\d{1,2})(?:\s+|$)")
_NUMBER = re.compile(
    r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf\w*))\s*(.*)", re.I
)


@lru_cache(maxsize=512)
def named_unit(name: str) -> Unit | None:
    """Return one named unit with or without prefix (``mV``, ``uS``, ``degC``), or None."""
    if name in _WHOLE:
        return _WHOLE[name]
    for symbol in (name, _ALIASES.get(name, "")):
        if symbol in _BASE:
            return _BASE[symbol]
    prefix, rest = name[:1], name[1:]
    rest = _ALIASES.get(rest, rest)
    if prefix in _PREFIXES and rest in _BASE:
        unit = _BASE[rest]
        return Unit(unit.dimension, unit.power + _PREFIXES[prefix])
    return None


@lru_cache(maxsize=512)
def parse_unit(text: str) -> Unit:
    """Read a unit such as ``S/cm2``, ``ohm cm``, ``uF/cm^2``, ``1/ms`` or ``1``.

    Parameters
    ----------
    text : str
        Names joined by a space, ``*``, ``·`` or ``/``; powers as ``cm2``, ``cm^2`` or ``cm²``.
        A ``/`` applies to the one unit after it. A power of ten may come first: ``10^4 mM/ms``.

    Raises
    ------
    ValueError
        If a name is unknown or the text is not a unit.
    """
    stripped = text.strip()
    ten = _TEN.match(stripped)
    unit, position = (Unit(_NONE, int(ten[1])), ten.end()) if ten else (DIMENSIONLESS, 0)
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if not match:
            raise ValueError(f"'{text}' is not a unit")
        sign, name, exponent = match.groups()
        part = named_unit(name)
        if part is None:
            raise ValueError(f"unknown unit '{name}' in '{text}'")
        n = {"²": 2, "³": 3}.get(exponent) or int(exponent or 1)
        if abs(n) > 20:
            raise ValueError(f"absurd power in unit '{text}'")
        unit = unit / part**n if sign == "/" else unit * part**n
        position = match.end()
    return unit


def parse_quantity(value: object, unit: str) -> float:
    """Turn a number, or text such as ``"20 ms"``, into a float in `unit`.

    Parameters
    ----------
    value : float or str
        A plain number is taken to be in `unit` already.
    unit : str
        The unit wanted.

    Raises
    ------
    ValueError
        If it is not a number, or its unit does not measure the same thing.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError(f"must be a number in {unit}; got {value!r}")
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        if not match:
            raise ValueError(f"must be a number in {unit}; got '{value}'")
        number, given = float(match[1]), match[2]
        if given:
            try:
                number = _convert(number, parse_unit(given), parse_unit(unit))
            except ValueError as error:
                raise ValueError(f"must be in {unit}; got '{value}': {error}") from None
        return number
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"must be a number in {unit}; got {value!r}") from None


def _convert(number: float, given: Unit, wanted: Unit) -> float:
    """Convert with one rounding: divide by the exact integer power where it is below one."""
    power = given.power - wanted.power
    given.factor_to(wanted)
    if power >= 0 or not math.isfinite(number):
        return number * power_of_ten(power)
    return number / power_of_ten(-power)
