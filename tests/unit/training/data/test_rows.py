"""Rows of any length in two arrays."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.data.rows import join_rows, make_rows, text_rows

LISTS = st.lists(st.lists(st.integers(0, 60_000), max_size=4), max_size=8)


def lists(rows):
    return [rows.row(number).tolist() for number in range(rows.rows)]


@given(LISTS, st.randoms(use_true_random=False))
def test_rows_are_the_lists_they_were_made_of_whichever_are_taken(values, draw):
    rows = make_rows(values, np.uint16)
    assert lists(rows) == values
    assert rows.lengths().tolist() == [len(row) for row in values]
    chosen = [draw.randrange(len(values)) for _ in values]
    assert lists(rows.take(np.array(chosen, np.int64))) == [values[number] for number in chosen]


@given(LISTS, LISTS)
def test_joined_rows_are_those_of_one_part_behind_those_of_the_other(one, other):
    joined = join_rows([make_rows(one, np.int32), make_rows(other, np.int32)])
    assert lists(joined) == one + other
    assert joined.values.dtype == np.int32


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=8))
def test_texts_come_back(texts):
    assert text_rows(texts).texts() == texts
