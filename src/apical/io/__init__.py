"""Files: results, recorded dipoles, and those of hnn-core, NWB and MNE. Nothing here executes."""
