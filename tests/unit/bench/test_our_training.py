from tests.bench.our_training import bleu_of, summarize


def test_the_best_validation_is_the_one_that_training_keeps():
    history = [
        {"update": 10, "dev_bleu": 3.0, "dev_loss": 4.0},
        {"update": 20, "dev_bleu": 5.0, "dev_loss": 3.9},
        {"update": 30, "dev_bleu": 5.0, "dev_loss": 3.8},
        {"update": 40, "dev_bleu": 4.0, "dev_loss": 3.7},
    ]
    run = {"history": history, "parameters": 9, "target_pieces": 8, "seconds": 7.0, "hardware": "a machine"}
    found = summarize(run | {"precision": "float32", "mean_pieces_per_second": 6.0})
    assert found["facts"]["best_update"] == 30
    assert found["dev_greedy"] == 5.0
    assert found["updates"] == 40


def test_a_system_that_gives_the_references_has_100_bleu(tmp_path):
    text = "one two three four five\nsix seven eight nine ten\n"
    sides = tmp_path / "dev.xx", tmp_path / "dev.yy"
    for path in sides:
        path.write_text(text, encoding="utf-8")
    directions = []

    def translate(texts, source, target):
        directions.append((source, target))
        return list(texts)

    assert round(bleu_of(translate, "xx-yy", sides), 6) == 100
    assert directions == [("xx", "yy")]
