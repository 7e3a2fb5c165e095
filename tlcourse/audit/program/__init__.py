"""Examining a program that somebody else wrote: running it, and writing pages about it."""
