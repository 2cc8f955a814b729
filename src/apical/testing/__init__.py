"""Public test material: small networks, and the suite that every engine must pass."""

from apical.testing.conformance import CHECKS as CHECKS
from apical.testing.conformance import check as check
