"""Files: results (one netCDF-4 each) and recorded dipoles (text). Nothing here executes."""
