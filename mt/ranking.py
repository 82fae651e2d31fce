"""What the search inside a graph and the one that drives a decoder agree on, so that both find the same."""

NEVER = -1e9  # the log-probability of what cannot happen
BEHIND = -1e3  # puts a cut hypothesis's rank behind those of complete ones, and leaves float32 room to order it
# The least that a source piece counts as attended to: float32 may say 0, which has no logarithm.
LEAST_COVERAGE = 0.01
# The most pieces that a translation may have: so many for each of its source's, and some more.
PIECES_A_PIECE = 2
MORE_PIECES = 20
