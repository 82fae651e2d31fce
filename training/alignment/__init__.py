"""Which words of a corpus's pairs belong together, by statistics alone: IBM models 1 and 2 in both directions."""
