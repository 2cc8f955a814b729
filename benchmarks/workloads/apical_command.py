"""``apical run erp``, from the shell's call to the table on the screen, as often as asked."""

import subprocess
import sys

import timing

given = timing.arguments()
command = [sys.executable, "-m", "apical", "run", "erp"]
_, seconds = timing.timed(
    lambda: subprocess.run(command, check=True, capture_output=True), given.repeats
)
# CPU time is that of other processes
del seconds["cpu"]
timing.report(name="apical run", **seconds)
