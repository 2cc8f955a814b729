"""The web application: see the dipole follow the hand."""
