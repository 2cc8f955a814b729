"""Equations: text → checked expressions → code. Never evaluates user text as Python."""

from apical.equations.analyse import analyse as analyse
from apical.equations.analyse import parse_profile as parse_profile
from apical.equations.latex import latex as latex
from apical.equations.program import Program as Program
