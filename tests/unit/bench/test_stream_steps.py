from tests import tiny
from tests.bench.figures import Spread
from tests.bench.stream_steps import Mark, dictation, main, table


def test_a_table_has_a_row_a_mark_and_tells_what_grows():
    marks = [Mark(100, Spread(2.0, 1.9, 2.25), 100_000_000), Mark(2_000, Spread(2.2, 2.1, 2.3), 101_500_000)]
    assert table("litert", marks).splitlines() == [
        "| litert, pieces | ms a piece, median | quartiles | resident memory, MB |",
        "|---|---|---|---|",
        "| 100 | 2.00 | 1.90 to 2.25 | 100.0 |",
        "| 2,000 | 2.20 | 2.10 to 2.30 | 101.5 |",
        "",
        "From 100 to 2,000 pieces: time x 1.10, memory +1.5 MB.",
    ]


def test_a_dictation_is_as_long_as_it_has_to_be():
    (ids,) = tiny.tokenizer().encode([dictation(tiny.bundle(), 60)])
    assert 60 <= len(ids) <= 110


def test_the_command_prints_a_row_for_each_number_of_pieces(capsys):
    main(["--bundle", str(tiny.bundle_folder()), "--pieces", "30", "10", "--no-repeat", "2"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[2:4]] == ["10", "30"]
    assert lines[-1].startswith("From 10 to 30 pieces: time x ")
