"""Target ids and a memory to what the softmax needs: all positions at once, or one step of a search."""

from typing import Any, NamedTuple

import keras
from keras import ops

from mt.model.attention import AdditiveAttention, MultiplicativeAttention
from mt.model.config import ModelConfig
from mt.model.dropout import unit_dropout
from mt.model.encoder import Memory
from mt.model.lstm import LSTM

Tensor = Any


class DecoderState(NamedTuple):
    """What one decoder step changes; search reorders both fields along their second axis. Its size is fixed."""

    hidden: Tensor  # (B, K, L, H) one hidden state a layer
    cell: Tensor  # (B, K, L, H) one cell state a layer


class Decoder(keras.layers.Layer):
    """LSTMs over the target, the first of which queries the attention.

    Its context goes into every layer above and into the output (GNMT, Wu et al. 2016, §3; RNMT+, Chen et al. 2018, §3).
    The first layer does not see the context (no input feeding), so that training computes all target positions at once.
    With the key layer_normalization the readout reads normalized features, for the reasons given at the encoder.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        hidden, memory_width = config.decoder_hidden, 2 * config.encoder_hidden
        attention = AdditiveAttention if config.attention == "additive" else MultiplicativeAttention
        self.attention = attention(hidden, memory_width, name="attention")
        self.initial = keras.layers.Dense(2 * config.decoder_layers * hidden, activation="tanh", name="initial")
        self.initial.build((None, memory_width))
        self.lstms, self.norms = [], []
        for number in range(1, config.decoder_layers + 1):
            width = config.embedding if number == 1 else hidden + memory_width
            self.lstms.append(LSTM(hidden, name=f"layer{number}"))
            self.lstms[-1].build((None, None, width))
        for number in range(2, config.decoder_layers + 1):
            self.norms.append(keras.layers.LayerNormalization(name=f"norm{number}"))
            self.norms[-1].build((None, None, hidden))
        self.readout = keras.layers.Dense(config.embedding, activation="tanh", name="readout")
        self.readout.build((None, None, hidden + memory_width))
        norm = keras.layers.LayerNormalization if config.layer_normalization else keras.layers.Identity
        self.feature_norm = norm(name="feature_norm")
        self.feature_norm.build((None, None, hidden + memory_width))
        self.dropout = unit_dropout(config)
        self.hidden = hidden

    def remember(self, outputs: Tensor, mask: Tensor) -> Memory:
        """The memory of a source whose encoder outputs are (B, S, M)."""
        return Memory(outputs, self.attention.keys(outputs), mask)

    def initial_state(self, memory: Memory) -> DecoderState:
        """The state before the first piece, (B, 1, L, H): from the mean of the encoder's outputs."""
        weights = ops.cast(memory.mask, memory.outputs.dtype)[:, :, None]
        mean = ops.sum(memory.outputs * weights, axis=1) / ops.sum(weights, axis=1)
        states = ops.reshape(self.initial(mean), (-1, 1, 2 * len(self.lstms), self.hidden))
        return DecoderState(states[:, :, : len(self.lstms)], states[:, :, len(self.lstms) :])

    def call(self, embedded: Tensor, memory: Memory, training: bool = False) -> tuple[Tensor, Tensor]:
        """Readouts (B, T, E) and attention weights (B, T, S) for all positions of a known target (B, T, E)."""
        start = self.initial_state(memory)

        def run(number: int, inputs: Tensor) -> Tensor:
            initial = [start.hidden[:, 0, number], start.cell[:, 0, number]]
            return self.lstms[number](inputs, initial_state=initial)

        return self._stack(run, embedded, memory, training)

    def watch(self, embedded: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Attention weights (1, T, S) for a known target (1, T, E), and what was seen inside (1, T, L, 4).

        Of each layer, as LSTM.watch says.
        """
        start, seen = self.initial_state(memory), []

        def run(number: int, inputs: Tensor) -> Tensor:
            initial = [start.hidden[:, 0, number], start.cell[:, 0, number]]
            outputs, inside = self.lstms[number].watch(inputs, initial)
            seen.append(inside)
            return outputs

        _, weights = self._stack(run, embedded, memory, training=False)
        return weights, ops.stack(seen, axis=2)

    def step(self, embedded: Tensor, state: DecoderState, memory: Memory) -> tuple[Tensor, Tensor, DecoderState]:
        """Readouts (B, K, E), attention weights (B, K, S) and the next state, for one piece of each of K hypotheses."""
        hidden, cell = [], []

        def run(number: int, inputs: Tensor) -> Tensor:
            shape = ops.shape(inputs)
            states = [ops.reshape(field[:, :, number], (-1, self.hidden)) for field in state]
            rows = ops.reshape(inputs, (-1, inputs.shape[-1]))
            output, (new_hidden, new_cell) = self.lstms[number].cell(rows, states)
            hidden.append(ops.reshape(new_hidden, (shape[0], shape[1], self.hidden)))
            cell.append(ops.reshape(new_cell, (shape[0], shape[1], self.hidden)))
            return ops.reshape(output, (shape[0], shape[1], self.hidden))

        readouts, weights = self._stack(run, embedded, memory, training=False)
        return readouts, weights, DecoderState(ops.stack(hidden, axis=2), ops.stack(cell, axis=2))

    def _stack(self, run: Any, embedded: Tensor, memory: Memory, training: bool) -> tuple[Tensor, Tensor]:
        """What training and search share; run(number, inputs) is a layer's LSTM over time or for one step."""
        outputs = run(0, embedded)
        context, weights = self.attention(outputs, memory.keys, memory.outputs, memory.mask)
        for number in range(1, len(self.lstms)):
            inputs = ops.concatenate([self.norms[number - 1](outputs), context], axis=-1)
            outputs = outputs + run(number, self.dropout(inputs, training=training))
        features = self.feature_norm(ops.concatenate([outputs, context], axis=-1))
        readouts = self.readout(self.dropout(features, training=training))
        return self.dropout(readouts, training=training), weights
