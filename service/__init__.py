"""HTTP around a translator: the application, its settings, limits and dialects. Knows nothing of models."""
