"""Links between words become links between pieces, however the words are cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text import normalize
from mt.text.words import words
from tests import tiny
from training.data.links import Links, PieceLinks
from training.data.rows import make_rows

TEXT = st.lists(
    st.one_of(
        st.characters(codec="utf-8"), st.sampled_from(["twenty", "one", " ", "-", "\u0301", "é", "👩\u200d👧", "ßx"])
    ),
    max_size=8,
).map(lambda parts: normalize("".join(parts)))


def encode(texts, alpha):
    tokenizer = tiny.tokenizer()
    return tokenizer.sample(texts, alpha, 1) if alpha else tokenizer.encode(texts)


def piece_links(sources, targets, links, alpha=0.0, is_turned=False):
    """Pairs of target and source piece of each text, by the code under test."""
    ends = [make_rows(([end for _, end in words(text)] for text in side), np.uint16) for side in (sources, targets)]
    chosen = make_rows(([word for link in one for word in link] for one in links), np.uint16)
    everything = np.arange(len(sources))
    pieces = [make_rows(encode(side, alpha), np.int32) for side in (sources, targets)]
    if is_turned:
        chosen = chosen._replace(values=chosen.values.reshape(-1, 2)[:, ::-1].reshape(-1))
    found = PieceLinks(tiny.tokenizer())(Links(*ends, chosen, is_turned).take(everything), *pieces)
    return [set(map(tuple, found.row(number).reshape(-1, 2).tolist())) for number in everything]


def word_of_each_piece(text, ids):
    """The first word that ends behind the beginning of a piece, with what `cut` says of the pieces."""
    spans = words(text)
    return [
        next((number for number, (_, end) in enumerate(spans) if end > start), None)
        for start, _ in tiny.tokenizer().cut(text, ids)
    ]


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4), st.sampled_from([0.0, 0.3]), st.data())
def test_all_pieces_of_linked_words_are_linked(texts, alpha, data):
    sources, targets = map(list, zip(*texts, strict=True))
    links = []
    for source, target in texts:
        every = [(one, other) for one in range(len(words(source))) for other in range(len(words(target)))]
        links.append(data.draw(st.lists(st.sampled_from(every), unique=True, max_size=5)) if every else [])
    expected = []
    for number, (source, target) in enumerate(texts):
        sides = [
            word_of_each_piece(text, encode(side, alpha)[number])
            for side, text in ((sources, source), (targets, target))
        ]
        expected.append(
            {
                (place, other)
                for place, word in enumerate(sides[1])
                for other, source_word in enumerate(sides[0])
                if (source_word, word) in links[number]
            }
        )
    assert piece_links(sources, targets, links, alpha) == expected
    assert piece_links(sources, targets, links, alpha, is_turned=True) == expected


@pytest.mark.parametrize("alpha", [0.0, 0.2])
def test_a_word_linked_with_itself_links_each_of_its_pieces_with_all(alpha):
    text = "twenty-one two"
    (found,) = piece_links([text], [text], [[(0, 0), (1, 1)]], alpha)
    (ids,) = encode([text], alpha)
    first = word_of_each_piece(text, ids).count(0)
    assert found == {
        (one, other) for one in range(len(ids)) for other in range(len(ids)) if (one < first) == (other < first)
    }
