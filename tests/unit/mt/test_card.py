"""The model card: what a reader must be told of the data, the scores and the limits."""

import dataclasses

from mt.bundle import Manifest
from mt.card import model_card

BARE = Manifest("tiny", ["en-de", "de-en"])
SCORED = dataclasses.replace(
    BARE,
    description="Number names.",
    parameters=1_234_567,
    search={"beam": 5, "length_penalty": 1.0},
    corpora=[{"name": "Names", "pairs": 12_345, "licence": "CC BY 2.0 FR", "attribution": "names.example"}],
    scores=[
        {
            "direction": "en-de",
            "test_set": "test.en → test.de",
            "sentences": 2_000,
            "metrics": [{"name": "BLEU", "value": 41.23, "signature": "nrefs:1|tok:13a"}],
        }
    ],
    training={"updates": 6_000, "seconds": 5_400, "precision": "mixed_bfloat16", "hardware": "a chip, 2 cores"},
    versions={"dragoman": "0.1.0"},
    created="2030-01-02T03:04:05+00:00",
)


def card(manifest):
    return model_card(dataclasses.asdict(manifest))


def test_a_card_names_licence_and_attribution_of_the_data():
    text = card(SCORED)
    assert "- Names: 12,345 sentence pairs\n  - Licence: CC BY 2.0 FR\n  - Attribution: names.example\n" in text


def test_a_card_says_where_licence_and_attribution_are_not_stated():
    corpus = {"name": "Mine", "pairs": 5, "licence": "", "attribution": ""}
    text = card(dataclasses.replace(BARE, corpora=[corpus]))
    assert "Licence: not stated\n  - Attribution: not stated" in text


def test_a_card_gives_scores_with_their_test_set_and_signature():
    text = card(SCORED)
    assert "en-de, test.en → test.de, 2,000 sentences:\n\n- BLEU 41.2 `nrefs:1|tok:13a`" in text


def test_a_card_tells_what_the_model_is_and_how_it_was_made():
    text = card(SCORED)
    assert text.startswith("# tiny\n\nNumber names.\n\n")
    for line in [
        "- Directions: en-de, de-en",
        "- Model: LSTM encoder-decoder with attention, 1,234,567 parameters",
        "- Search: beam 5, length penalty 1.0",
        "- Made: 2030-01-02T03:04:05+00:00 with dragoman 0.1.0",
        "- Training: 6,000 updates, 90 minutes, mixed_bfloat16, a chip, 2 cores",
    ]:
        assert f"{line}\n" in text


def test_a_card_without_scores_has_no_chapter_for_them_but_always_one_for_the_limits():
    assert "## Scores" in card(SCORED)
    assert "## Scores" not in card(BARE)
    assert "## Limits\n\nThe model translates sentence by sentence" in card(BARE)


def test_a_card_gives_the_version_where_there_is_one():
    assert "- Version: 1.2\n- Directions:" in card(dataclasses.replace(BARE, version="1.2"))
    assert "Version" not in card(BARE)
