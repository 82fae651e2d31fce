"""Corpora to a bundle: recipes, training, evaluation. Imports mt alone, and is the only place that knows optimizers."""
