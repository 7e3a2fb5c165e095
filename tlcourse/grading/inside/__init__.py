"""What runs beside learners' code, inside the walls: worker, fork server, determinism, keyrings."""
