"""Published mechanisms, cells and networks as data files; see :mod:`apical.models`."""

from apical.library.read import cell as cell
from apical.library.read import mechanism as mechanism
from apical.library.read import names as names
from apical.library.read import network_data as network_data
