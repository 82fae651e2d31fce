"""What `mt-train evaluate` does: translate test sets with bundles, ensembles of them or servers, and score."""
