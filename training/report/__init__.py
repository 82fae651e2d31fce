"""What `mt-train report` does: a page about a run, made from what its steps left behind."""
