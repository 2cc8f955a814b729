"""Build the studio's page when the package is built; node and npm do it.

Where there is no node, a checkout is installed without the page: everything but the studio works,
and the studio says what is missing. A wheel that is to be published is not built without it: there,
APICAL_RELEASE is set.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STUDIO = Path(__file__).parent / "src" / "apical" / "studio"
WEB, PAGE = STUDIO / "web", STUDIO / "static" / "index.html"
RELEASE = "APICAL_RELEASE" in os.environ


class BuildPage(BuildHookInterface):
    """Run the page's build where its sources are newer than what was built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, or say why not."""
        if not WEB.exists() or _is_fresh():
            return
        npm = shutil.which("npm")
        try:
            if npm is None:
                raise FileNotFoundError("npm (node 20 or newer) is not installed")
            for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                subprocess.run([npm, *arguments], cwd=WEB, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            if RELEASE:
                raise RuntimeError(f"the studio's page could not be built: {error}") from error
            self.app.display_warning(f"the studio's page was not built: {error}")


def _is_fresh() -> bool:
    if not PAGE.exists():
        return False
    sources = [p for p in WEB.rglob("*") if p.is_file() and "node_modules" not in p.parts]
    return all(p.stat().st_mtime <= PAGE.stat().st_mtime for p in sources)
