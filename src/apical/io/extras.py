"""Packages that come with extras of apical."""

from __future__ import annotations

import importlib
from types import ModuleType

from apical.errors import MissingPackageError


def extra(package: str, name: str, what: str, instead: str = "") -> ModuleType:
    """Return a package that an extra brings.

    Parameters
    ----------
    package : str
        Its name.
    name : str
        The extra.
    what : str
        What needs it, for the message.
    instead : str
        What does without it, for the message.

    Raises
    ------
    MissingPackageError
        If it is not installed; says how to install it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        message = f"{what} need {package}: pip install 'apical[{name}]'"
        message += f", or {instead}" if instead else ""
        message += f" ({error})"
        raise MissingPackageError(message) from error
