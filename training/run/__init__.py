"""What `mt-train run` does: updates of a model, its validation, its checkpoints and its journal."""
