"""Validation: greedy BLEU and likelihood of a dev set, whatever the batches."""

import pytest
import sacrebleu
import tensorflow as tf

from mt.export import search_eagerly
from tests import tiny
from training.data.dataset import Bitext, make_batch, make_examples, pad
from training.recipe import TrainingConfig
from training.run.update import IDS, Updater
from training.run.validation import Validation, Validator

PAIRS = 4


@pytest.fixture(scope="module")
def model():
    return tiny.model()


@pytest.fixture(scope="module")
def updater(model):
    return Updater(model, TrainingConfig(label_smoothing=0.3))


def bitext(source, target, pairs=PAIRS):
    names = {language: tiny.number_names(language, pairs) for language in ("en", "de")}
    return Bitext(source, target, names[source], names[target])


def greedy_texts(model, bitext):
    """The translations by the export's own greedy search, one by one."""
    search = tf.function(lambda ids: search_eagerly(model, ids, None), input_signature=(IDS,), autograph=False)
    texts = []
    for example in make_examples(bitext, tiny.tokenizer()):
        result = search(pad([example.source]))
        length = int(result.lengths[0, 0])
        texts += tiny.tokenizer().decode([result.ids[0, 0, :length].numpy()])
    return texts


def test_the_scores_are_those_of_one_sentence_at_a_time(model, updater):
    bitexts = [bitext("en", "de"), bitext("de", "en")]
    hypotheses = [greedy_texts(model, one) for one in bitexts]
    # References that the model likes, so that BLEU is not 0 for a model that has learned nothing.
    bitexts[0] = bitexts[0]._replace(targets=[f"{text} x" for text in hypotheses[0]])
    result = Validator(model, tiny.tokenizer(), bitexts, sentences=PAIRS)(updater)
    examples = [example for one in bitexts for example in make_examples(one, tiny.tokenizer())]
    pieces = sum(len(example.target) + 1 for example in examples)
    loss = sum(updater.likelihood(make_batch([example])) for example in examples) / pieces
    assert result.loss == pytest.approx(loss, rel=1e-4)
    assert list(result.bleu) == ["en-de", "de-en"]
    for one, texts in zip(bitexts, hypotheses, strict=True):
        expected = sacrebleu.corpus_bleu(texts, [list(one.targets)]).score
        assert result.bleu[f"{one.source_language}-{one.target_language}"] == pytest.approx(expected)
    assert result.bleu["en-de"] > 20


def test_only_the_first_sentences_of_each_direction_count(model, updater):
    validators = [Validator(model, tiny.tokenizer(), [bitext("en", "de", pairs)], sentences=2) for pairs in (2, PAIRS)]
    first, second = (validator(updater) for validator in validators)
    assert first == second


def test_checkpoints_are_ranked_by_the_mean_of_the_directions():
    assert Validation(1.0, {"en-de": 10.0, "de-en": 20.0}).mean_bleu == 15.0
