"""Whose sentence is decoded next, with whose, and what of it is kept: plain objects for one thread, without a clock."""
