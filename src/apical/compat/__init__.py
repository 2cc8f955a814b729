"""Public interfaces of other packages on top of apical."""
