"""The ``apical`` command."""

from apical.cli.app import app, main

__all__ = ["app", "main"]
