import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.subsets import choose, write_subset


@given(st.data())
def test_a_smaller_subset_is_the_beginning_of_a_larger_one(data):
    total = data.draw(st.integers(1, 300))
    larger = data.draw(st.integers(1, total))
    smaller = data.draw(st.integers(0, larger))
    chosen = choose(total, larger)
    assert chosen[:smaller] == choose(total, smaller)
    assert len(set(chosen)) == larger
    assert set(chosen) <= set(range(total))


def test_the_rows_of_a_subset_are_the_same_on_every_machine():
    assert choose(161_158, 5) == choose(161_158, 5_000)[:5]
    assert choose(10, 3, seed=1) == [2, 9, 6]  # NumPy guarantees RandomState's numbers


def test_more_pairs_than_there_are_are_refused():
    with pytest.raises(ValueError, match="has 10 pairs, fewer than the 11 wanted"):
        choose(10, 11)


def test_the_lines_of_both_files_stay_pairs(tmp_path):
    corpus = tmp_path / "all.en", tmp_path / "all.de"
    for path in corpus:
        path.write_text("".join(f"{path.suffix} {number}\n" for number in range(20)), encoding="utf-8")
    english, german = write_subset(corpus, 7, tmp_path / "subset")
    sides = [path.read_text(encoding="utf-8").splitlines() for path in (english, german)]
    assert sides[0] == [f".en {row}" for row in choose(20, 7)]
    assert [line.split()[1] for line in sides[0]] == [line.split()[1] for line in sides[1]]
