"""Two directions' links as one set."""

from hypothesis import given
from hypothesis import strategies as st

from training.alignment.symmetry import grow_diag_final_and

LINKS = st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


@given(LINKS, LINKS)
def test_the_links_lie_between_intersection_and_union(forward, backward):
    assert forward & backward <= grow_diag_final_and(forward, backward) <= forward | backward


@given(LINKS)
def test_what_both_directions_agree_on_stays(links):
    assert grow_diag_final_and(links, links) == links


@given(LINKS, LINKS)
def test_no_link_between_two_words_without_one_is_left_out(forward, backward):
    found = grow_diag_final_and(forward, backward)
    sources, targets = {source for source, _ in found}, {target for _, target in found}
    assert all(source in sources or target in targets for source, target in forward | backward)


def test_a_neighbour_is_added_where_it_links_a_word_without_a_link():
    assert grow_diag_final_and({(0, 0), (1, 0)}, {(0, 0)}) == {(0, 0), (1, 0)}
    assert grow_diag_final_and({(0, 0), (1, 1), (1, 0)}, {(0, 0), (1, 1)}) == {(0, 0), (1, 1)}


def test_a_link_far_from_others_is_added_only_between_two_words_without_one():
    assert grow_diag_final_and({(0, 0), (4, 4)}, {(0, 0)}) == {(0, 0), (4, 4)}
    assert grow_diag_final_and({(0, 0), (4, 0)}, {(0, 0)}) == {(0, 0)}
