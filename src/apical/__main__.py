"""Run the command line as ``python -m apical``."""

from apical.cli import main

main()
