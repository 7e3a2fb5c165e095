"""Grading a class: learners' code runs in a sandbox, what it computed is judged outside. See `docs/instructors.md`."""
