"""What `mt-train init` does: look at a corpus, take dev and test sets from it, and propose a recipe."""
