"""The recall task: one marked token, a cue so many steps behind it, other tokens between; distances short and long."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.learn.recall import CUE, MARK, TOKENS, draw_examples, mixed_distances

distances = st.integers(1, 30)
seeds = st.integers(0, 1000)


@given(seeds, distances)
def test_the_answer_is_the_marked_token_and_the_cue_stands_so_far_behind_it(seed, distance):
    sequences, answers = draw_examples(np.random.default_rng(seed), distance, 4)
    marked, cued = (np.argwhere(sequences[:, :, feature])[:, 1] for feature in (MARK, CUE))
    assert set(cued - marked) == {distance}
    assert (sequences[np.arange(4), marked, :TOKENS].argmax(axis=1) == answers).all()


@given(seeds, distances)
def test_every_step_but_the_cue_has_one_token(seed, distance):
    tokens = draw_examples(np.random.default_rng(seed), distance, 4).sequences[:, :, :TOKENS]
    assert (tokens[:, :-1].sum(axis=2) == 1).all()
    assert not tokens[:, -1].any()


def test_every_token_is_asked_for_about_as_often():
    answers = draw_examples(np.random.default_rng(1), 1, 8000).answers
    counts = np.bincount(answers, minlength=TOKENS)
    assert counts.min() > 850  # 1,000 are expected, and five standard deviations are 148
    assert counts.max() < 1150


def test_the_same_seed_draws_the_same():
    first, second = (draw_examples(np.random.default_rng(7), 5, 3) for _ in range(2))
    assert (first.sequences == second.sequences).all()


def test_mixed_distances_reach_from_one_step_to_the_longest_and_favour_the_short():
    drawn = mixed_distances(np.random.default_rng(1), 200, 5000)
    assert (min(drawn), max(drawn)) == (1, 200)
    assert 0.4 < np.mean(np.array(drawn) <= 13) < 0.6  # 14 is near the square root of 201
