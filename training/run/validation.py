"""How good a model is on its dev set, while it trains: likelihood and greedy BLEU."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sacrebleu
import tensorflow as tf
from keras import ops

from mt.model import Seq2Seq
from mt.search import greedy_search, length_limits
from mt.tokenizer import Tokenizer
from training.data.dataset import Bitext, group_by_length, make_batch, make_examples, pad
from training.run.update import IDS, Updater

SENTENCES_A_BATCH = 100
BATCH_PIECES = 3_000


class Validation(NamedTuple):
    """Scores on the dev sets of all directions."""

    loss: float  # natural-log cross-entropy a target piece, without smoothing
    bleu: dict[str, float]  # greedy, sacreBLEU 13a cased, by direction such as "en-de"

    @property
    def mean_bleu(self) -> float:
        """The mean over the directions, by which checkpoints are ranked."""
        return sum(self.bleu.values()) / len(self.bleu)


class Validator:
    """The dev sets, encoded once, and a compiled greedy search."""

    def __init__(self, model: Seq2Seq, tokenizer: Tokenizer, bitexts: Sequence[Bitext], sentences: int) -> None:
        self._tokenizer = tokenizer
        self._bitexts = [
            bitext._replace(sources=bitext.sources[:sentences], targets=bitext.targets[:sentences])
            for bitext in bitexts
        ]
        self._examples = [make_examples(bitext, tokenizer) for bitext in self._bitexts]
        self._batches = [
            make_batch(group) for examples in self._examples for group in group_by_length(examples, BATCH_PIECES)
        ]

        def search(source: Any) -> tuple[Any, Any]:
            memory = model.encode(source)
            limits = length_limits(ops.sum(ops.cast(memory.mask, "int32"), axis=1))
            result = greedy_search(
                lambda ids, state: model.step(ids, state, memory),
                model.initial_state(memory),
                limits,
                ops.shape(source)[1],
            )
            return result.ids[:, 0], result.lengths[:, 0]

        self._search = tf.function(search, input_signature=(IDS,), autograph=False)

    def __call__(self, updater: Updater) -> Validation:
        """The scores of the updater's model as it is now."""
        pieces = sum(len(batch.labels) for batch in self._batches)
        loss = sum(updater.likelihood(batch) for batch in self._batches) / pieces
        bleu = {}
        for bitext, examples in zip(self._bitexts, self._examples, strict=True):
            hypotheses = self._translate([example.source for example in examples])
            score = sacrebleu.corpus_bleu(hypotheses, [list(bitext.targets)]).score
            bleu[f"{bitext.source_language}-{bitext.target_language}"] = score
        return Validation(loss, bleu)

    def _translate(self, sources: Sequence[list[int]]) -> list[str]:
        """Greedy translations, in order."""
        order = np.argsort([len(source) for source in sources], kind="stable")
        found: list[list[int]] = [[] for _ in sources]
        for start in range(0, len(sources), SENTENCES_A_BATCH):
            chosen = order[start : start + SENTENCES_A_BATCH]
            ids, lengths = self._search(pad([sources[index] for index in chosen]))
            for index, row, length in zip(chosen, ids.numpy(), lengths.numpy(), strict=True):
                found[index] = row[:length].tolist()
        return self._tokenizer.decode(found)
