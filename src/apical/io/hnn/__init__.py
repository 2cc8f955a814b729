"""Files of HNN and hnn-core: networks, parameter sets, dipoles and spikes.

The *configuration*, the dictionary that hnn-core's hierarchical JSON holds, stands between files
and networks.
"""

from apical.io.hnn.export import configuration_from_network as configuration_from_network
from apical.io.hnn.files import is_of_hnn as is_of_hnn
from apical.io.hnn.files import network_from_data as network_from_data
from apical.io.hnn.files import read_configuration as read_configuration
from apical.io.hnn.files import read_hnn as read_hnn
from apical.io.hnn.files import write_configuration as write_configuration
from apical.io.hnn.files import write_hnn as write_hnn
from apical.io.hnn.network import network_from_configuration as network_from_configuration
from apical.io.hnn.parameters import network_from_parameters as network_from_parameters
from apical.io.hnn.parameters import parameters_to_configuration as parameters_to_configuration
from apical.io.hnn.parameters import read_parameters as read_parameters
from apical.io.hnn.text import read_dipoles as read_dipoles
from apical.io.hnn.text import read_spikes as read_spikes
from apical.io.hnn.text import write_dipoles as write_dipoles
from apical.io.hnn.text import write_spikes as write_spikes
