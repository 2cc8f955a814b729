"""Run a script to which ``hnn_core`` is apical's: ``python as_hnn_core.py SCRIPT [...]``."""

import runpy
import sys
from pathlib import Path

import apical.compat.hnn_core

sys.modules["hnn_core"] = apical.compat.hnn_core
sys.argv = sys.argv[1:]
# as if Python had been given the script itself
sys.path[0] = str(Path(sys.argv[0]).resolve().parent)
runpy.run_path(sys.argv[0], run_name="__main__")
