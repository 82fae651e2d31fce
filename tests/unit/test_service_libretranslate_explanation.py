"""`explain`, and what it is answered with."""

import math

import pytest

from tests.service_fakes import Client


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client.wait_until_ready()


def test_an_explanation_says_which_words_belong_together(client):
    (sentence,) = client.translate(q="☺ lost c", explain=True).json()["explanation"]
    assert sentence == {
        "source": [0, 8],
        "target": [0, 8],
        "sourceWords": [[0, 1], [2, 6], [7, 8]],
        "targetWords": [[0, 1], [2, 6], [7, 8]],
        "attention": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "links": [[0, 0], [2, 2]],
        "protected": [],
        "logProbabilities": [-0.5, -0.5, -0.5],
        "endLogProbability": -0.25,
        "sourcePieces": [[0, 1], [2, 6], [7, 8]],
        "targetPieces": [[0, 1], [2, 6], [7, 8]],
        "pieceLogProbabilities": [-0.5, -0.5, -0.5],
        "confidence": 0.7123,
        "wordConfidences": [0.9, 0.9, 0.9],
    }


def test_what_must_not_change_has_no_confidence(client):
    (sentence,) = client.translate(q="a unsure kept", explain=True).json()["explanation"]
    assert sentence["wordConfidences"] == [0.9, 0.2, None]


def test_the_texts_of_an_array_are_explained_each_by_itself(client):
    first, second = client.translate(q=["a", ""], explain="true").json()["explanation"]
    assert (first[0]["links"], second) == ([[0, 0]], [])


def test_a_text_that_stays_as_it_is_needs_no_explanation(client):
    assert (
        client.translate(q="Guten Morgen, wie geht es Ihnen heute?", source="auto", target="de", explain=True).json()[
            "explanation"
        ]
        == []
    )


def test_nothing_is_explained_by_way_of_a_third_language(client):
    answer = client.translate(q="a", source="de", target="pt-br", explain=True).json()
    assert (answer["pivot"], answer["explanation"]) == ("en", [])


@pytest.mark.parametrize("flag", [False, "false", "", None])
def test_unless_asked_for_there_is_no_explanation(client, flag):
    assert "explanation" not in client.translate(q="a", explain=flag).json()


@pytest.mark.parametrize("value", ["maybe", [], {"a": 1}, 2])
def test_explain_is_true_false_or_inside(client, value):
    answer = client.translate(explain=value)
    assert answer.status_code == 400
    assert answer.json() == {"error": 'Invalid request: explain parameter must be true, false or "inside"'}


def test_the_example_in_the_documentation_has_the_fields_of_an_answer(client):
    described = client.get("/openapi.json").json()["paths"]["/translate"]["post"]
    (example,) = described["responses"]["200"]["content"]["application/json"]["examples"]["explain"]["value"][
        "explanation"
    ]
    request = described["requestBody"]["content"]["application/json"]["examples"]["explain"]["value"]
    (sentence,) = client.translate(**request).json()["explanation"]
    assert list(example) == list(sentence)


def test_what_happened_in_the_network_is_told_when_asked_for(client):
    (sentence,) = client.translate(q="ab", explain="inside").json()["explanation"]
    (part,) = sentence["inside"]
    assert (part["sourcePieces"], part["targetPieces"]) == (["<2de>", "a", "b", "</s>"], ["A", "B", "</s>"])
    assert [(one["layer"], one["direction"]) for one in part["encoder"]] == [(1, "forward"), (1, "backward")]
    for lstms, pieces in (("encoder", 4), ("decoder", 3)):
        curves = ("inputGate", "forgetGate", "outputGate", "cellNorm")
        assert all(len(one[name]) == pieces for one in part[lstms] for name in curves)
    assert part["attentionEntropy"] == [pytest.approx(math.log(4), abs=1e-5)] * 3
    assert part["attentionEntropyShare"] == [1, 1, 1]
    assert part["probabilities"] == [pytest.approx(math.exp(-0.5), abs=1e-5)] * 3
    assert "inside" not in client.translate(q="ab", explain=True).json()["explanation"][0]


def test_what_happened_is_told_of_short_texts_only(client):
    answer = client.translate(q=["a" * 1_500, "b" * 501], explain="inside")
    assert answer.status_code == 400
    assert answer.json()["error"].endswith('"inside" goes with at most 2,000 characters, not with 2,001')
