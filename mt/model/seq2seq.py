"""The whole network: source and target ids to logits, and the step that search drives."""

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from mt.errors import BundleError
from mt.model.config import ModelConfig
from mt.model.decoder import Decoder, DecoderState
from mt.model.dropout import PieceDropout, unit_dropout
from mt.model.encoder import Encoder, Memory
from mt.model.lstm import product

Tensor = Any
PAD = 0


class Seq2Seq(keras.Model):
    """An encoder-decoder LSTM with attention (Bahdanau et al. 2015; Luong et al. 2015).

    One matrix (V, E) embeds the source and the target and, transposed, makes the logits (Press & Wolf 2017), unless
    tied_embeddings is off: then the logits have one of their own.
    """

    def __init__(self, config: ModelConfig, vocabulary: int) -> None:
        # Keras would number the second model of a process, and its weights would not be found by their names.
        super().__init__(name="seq2_seq")
        self.config = config
        self.vocabulary = vocabulary
        rows = keras.initializers.RandomNormal(stddev=config.embedding**-0.5)
        self.embedding = keras.layers.Embedding(vocabulary, config.embedding, rows, name="embedding")
        self.embedding.build((None, None))
        self.output_bias = self.add_weight(shape=(vocabulary,), initializer="zeros", name="output_bias")
        if not config.tied_embeddings:
            self.own_matrix = self.add_weight(
                shape=(vocabulary, config.embedding), initializer=rows.clone(), name="output_matrix"
            )
        self.encoder = Encoder(config, name="encoder")
        self.decoder = Decoder(config, name="decoder")
        self.piece_dropout = PieceDropout(config.word_dropout, name="piece_dropout")
        self.dropout = unit_dropout(config)
        self.built = True

    @property
    def output_matrix(self) -> Any:
        """The weight (V, E) that makes the logits."""
        return self.embedding.embeddings if self.config.tied_embeddings else self.own_matrix

    def call(self, source_ids: Tensor, target_ids: Tensor, training: bool = False) -> Tensor:
        """Readouts (B, T, E) that `logits` turns into scores of the next piece, for targets that begin with BOS."""
        return self.read(source_ids, target_ids, training)[0]

    def read(self, source_ids: Tensor, target_ids: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """The same readouts, and the attention (B, T, S) behind each: with which the next piece is found."""
        memory = self.encode(source_ids, training=training)
        return self.decoder(self.embed(target_ids, training), memory, training=training)

    def encode(self, source_ids: Tensor, training: bool = False) -> Memory:
        """The memory of sources (B, S), padded with 0 at their ends; each has at least one piece."""
        mask = ops.not_equal(source_ids, PAD)
        outputs = self.encoder(self.embed(source_ids, training), mask, training=training)
        return self.decoder.remember(outputs, mask)

    def initial_state(self, memory: Memory) -> DecoderState:
        """The state (B, 1, L H) before the first piece."""
        return self.decoder.initial_state(memory)

    def step(self, ids: Tensor, state: DecoderState, memory: Memory) -> tuple[Tensor, Tensor, DecoderState]:
        """Log-probabilities (B, K, V) of the piece after `ids` (B, K), attention (B, K, S), and the next state."""
        readouts, attention, state = self.decoder.step(self.embed(ids), state, memory)
        products = product(readouts, self.output_matrix, transposed=True)
        return log_softmax(ops.cast(products, "float32") + self.output_bias), attention, state

    def short_step(
        self, ids: Tensor, state: DecoderState, memory: Memory, matrix: Tensor, biases: Tensor
    ) -> tuple[Tensor, Tensor, DecoderState]:
        """As `step`, among N pieces alone (B, K, N), by their rows (N, E) of the output matrix and biases (B, N)."""
        readouts, attention, state = self.decoder.step(self.embed(ids), state, memory)
        logits = product(readouts, matrix, transposed=True) + ops.expand_dims(biases, 1)
        return log_softmax(logits), attention, state

    def watch(self, source_ids: Tensor, target_ids: Tensor) -> dict[str, Tensor]:
        """What is seen inside while a source (1, S) becomes a target (1, T), which begins with BOS.

        `attention` (1, T, S), and the means of the gates and the norm of the cell state, as LSTM.watch says: `encoder`
        (1, S, L, 2, 4) of each layer forward and backward, `decoder` (1, T, L, 4).
        """
        mask = ops.not_equal(source_ids, PAD)
        outputs, encoder = self.encoder.watch(self.embed(source_ids), mask)
        attention, decoder = self.decoder.watch(self.embed(target_ids), self.decoder.remember(outputs, mask))
        return {"attention": attention, "decoder": decoder, "encoder": encoder}

    def logits(self, readouts: Tensor) -> Tensor:
        """Float32 scores (…, V) before the softmax, for readouts (…, E)."""
        matrix = ops.cast(self.output_matrix, readouts.dtype)
        products = ops.matmul(readouts, ops.transpose(matrix))
        return ops.cast(products, "float32") + ops.cast(self.output_bias, "float32")

    def embed(self, ids: Tensor, training: bool = False) -> Tensor:
        """What encoder and decoder read (B, S, E) for pieces (B, S)."""
        # The matrix starts with rows of norm 1, right for logits; the LSTMs want inputs of unit variance.
        embedded = self.embedding(ids) * self.config.embedding**0.5
        return self.dropout(self.piece_dropout(embedded, training=training), training=training)

    def named_weights(self) -> dict[str, np.ndarray]:
        """Each trainable weight by its place in the model and its own name, such as `04-lstm_cell/kernel`."""
        return {name: np.asarray(variable) for name, variable in self._named()}

    def assign_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Takes what `named_weights` of a model of the same config gave; BundleError when it is of another."""
        for name, variable in self._named():
            if name not in weights or weights[name].shape != tuple(variable.shape):
                found = weights[name].shape if name in weights else "nothing"
                raise BundleError(f"These weights are of another model: {name} is {variable.shape}, got {found}.")
            variable.assign(weights[name])

    def _named(self) -> Iterator[tuple[str, Any]]:
        for number, variable in enumerate(self.trainable_variables):
            yield f"{number:02d}-{variable.path}", variable


def log_softmax(logits: Tensor) -> Tensor:
    """Natural-log probabilities (…, V). As a difference: LiteRT's own log-softmax takes as long as all of a step."""
    peaks = ops.max(logits, axis=-1, keepdims=True)
    return logits - (peaks + ops.log(ops.sum(ops.exp(logits - peaks), axis=-1, keepdims=True)))
