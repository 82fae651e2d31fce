"""Target ids and a memory to what the softmax needs: all positions at once, or one step of a search."""

from typing import Any, NamedTuple

import keras
from keras import ops

from mt.model.attention import AdditiveAttention, MultiplicativeAttention
from mt.model.config import ModelConfig
from mt.model.dropout import unit_dropout
from mt.model.encoder import Memory
from mt.model.lstm import LSTM, product

Tensor = Any


class DecoderState(NamedTuple):
    """What one decoder step changes; search reorders both fields along their second axis. Its size is fixed."""

    hidden: Tensor  # (B, K, L H) the hidden states of the layers behind each other
    cell: Tensor  # (B, K, L H) their cell states


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
        """The state before the first piece, (B, 1, L H): from the mean of the encoder's outputs."""
        weights = ops.expand_dims(ops.cast(memory.mask, memory.outputs.dtype), 2)
        mean = ops.sum(memory.outputs * weights, axis=1) / ops.sum(weights, axis=1)
        return DecoderState(*ops.split(ops.expand_dims(self.initial(mean), 1), 2, axis=-1))

    def call(self, embedded: Tensor, memory: Memory, training: bool = False) -> tuple[Tensor, Tensor]:
        """Readouts (B, T, E) and attention weights (B, T, S) for all positions of a known target (B, T, E)."""
        start = self._states_by_layer(self.initial_state(memory))

        def run(number: int, inputs: Tensor) -> Tensor:
            return self.lstms[number](inputs, initial_state=[field[:, 0] for field in start[number]])

        return self._stack(run, embedded, memory, training)

    def watch(self, embedded: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Attention weights (1, T, S) for a known target (1, T, E), and what was seen inside (1, T, L, 4).

        Of each layer, as LSTM.watch says.
        """
        start, seen = self._states_by_layer(self.initial_state(memory)), []

        def run(number: int, inputs: Tensor) -> Tensor:
            outputs, inside = self.lstms[number].watch(inputs, [field[:, 0] for field in start[number]])
            seen.append(inside)
            return outputs

        _, weights = self._stack(run, embedded, memory, training=False)
        return weights, ops.stack(seen, axis=2)

    def step(self, embedded: Tensor, state: DecoderState, memory: Memory) -> tuple[Tensor, Tensor, DecoderState]:
        """Readouts (B, K, E), attention weights (B, K, S) and the next state, for one piece of each of K hypotheses."""
        before, after = self._states_by_layer(state), []

        def run(number: int, inputs: Tensor) -> Tensor:
            lstm = self.lstms[number]
            after.append(lstm.step(lstm.first_sums(inputs), *before[number]))
            return after[-1][0]

        def read_out(features: Tensor) -> Tensor:
            dense = self.readout
            return dense.activation(product(features, dense.kernel) + ops.cast(dense.bias, features.dtype))

        readouts, weights = self._stack(run, embedded, memory, training=False, read_out=read_out)
        return readouts, weights, DecoderState(*(ops.concatenate(field, axis=-1) for field in zip(*after, strict=True)))

    def _states_by_layer(self, state: DecoderState) -> list[tuple[Tensor, Tensor]]:
        """Hidden and cell state (B, K, H) of each layer."""
        return list(zip(*(ops.split(field, len(self.lstms), axis=-1) for field in state), strict=True))

    def _stack(
        self, run: Any, embedded: Tensor, memory: Memory, training: bool, read_out: Any = None
    ) -> tuple[Tensor, Tensor]:
        """What training and search share; run(number, inputs) is a layer's LSTM over time or for one step."""
        read_out = read_out or self.readout
        outputs = run(0, embedded)
        context, weights = self.attention(outputs, memory.keys, memory.outputs, memory.mask)
        for number in range(1, len(self.lstms)):
            inputs = ops.concatenate([self.norms[number - 1](outputs), context], axis=-1)
            outputs = outputs + run(number, self.dropout(inputs, training=training))
        features = self.feature_norm(ops.concatenate([outputs, context], axis=-1))
        readouts = read_out(self.dropout(features, training=training))
        return self.dropout(readouts, training=training), weights
