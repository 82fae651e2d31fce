"""What the quantities mean, in words that every picture shares."""

# Of an LSTM's curves, in the order of mt.inside.Inside's four numbers.
CURVES = ("input gate", "forget gate", "output gate", "cell norm")
DIRECTIONS = ("forward", "backward")

MEANINGS = {
    "Attention": "A row for each word of the translation: how much it looked at each word of the text. It shows where "
    "the model looked, which is not always why it chose a word.",
    "Log-probability": "The natural logarithm of the probability that the model gave a word, given all before it; 0 is "
    "certain. It says how sure the model was, not whether it was right.",
    "Gates": "Means over all cells of a layer, from 0 to 1. The input gate says how much of what is new is written "
    "into the cells, the forget gate how much of what they hold is kept (Gers et al. 2000), the output gate how much "
    "of them is shown. Means hide that single cells do different things.",
    "Cell state": "An LSTM's long-term path is its cell state, of which a step keeps a part and to which it adds, its "
    "short-term path the hidden state (Hochreiter & Schmidhuber 1997). The norm says how much is held, not what.",
    "Attention entropy": "How widely a step looked, as a share of the most possible: 0 at one piece alone, 1 at all "
    "alike.",
    "Probability": "Of each piece chosen, given all before it.",
}


def shown(text: str) -> str:
    """The text with a sign in the place of characters that have none."""
    return "".join("\ufffd" if character < " " or "\x7f" <= character < "\xa0" else character for character in text)


def shown_piece(piece: str) -> str:
    """A piece as it is shown."""
    return shown(piece.replace("\u2581", "\u2423"))
