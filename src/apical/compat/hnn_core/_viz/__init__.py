"""What `apical.compat.hnn_core.viz` draws, by what is shown."""
