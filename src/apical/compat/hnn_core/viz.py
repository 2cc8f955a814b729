"""Plots with hnn-core's names and arguments.

Scripts go on working with what these draw: they name lines in legends of their own, change limits
and add axes. Lines, labels and the order of axes are therefore those of hnn-core; numbers come
from `apical.analysis`, current source densities are drawn by `apical.plots`.
"""

from __future__ import annotations

from apical.compat.hnn_core._viz.cells import plot_cell_morphology as plot_cell_morphology
from apical.compat.hnn_core._viz.cells import plot_cells as plot_cells
from apical.compat.hnn_core._viz.common import plt_show as plt_show
from apical.compat.hnn_core._viz.dipoles import plot_dipole as plot_dipole
from apical.compat.hnn_core._viz.dipoles import plot_psd as plot_psd
from apical.compat.hnn_core._viz.dipoles import plot_tfr_morlet as plot_tfr_morlet
from apical.compat.hnn_core._viz.extracellular import plot_laminar_csd as plot_laminar_csd
from apical.compat.hnn_core._viz.extracellular import plot_laminar_lfp as plot_laminar_lfp
from apical.compat.hnn_core._viz.plotter import NetworkPlotter as NetworkPlotter
from apical.compat.hnn_core._viz.spikes import plot_spikes_hist as plot_spikes_hist
from apical.compat.hnn_core._viz.spikes import plot_spikes_raster as plot_spikes_raster
from apical.compat.hnn_core._viz.wiring import plot_cell_connectivity as plot_cell_connectivity
from apical.compat.hnn_core._viz.wiring import plot_connectivity_matrix as plot_connectivity_matrix
from apical.compat.hnn_core._viz.wiring import plot_drive_strength as plot_drive_strength
