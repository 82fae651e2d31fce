"""Source ids to a memory that the decoder can attend to."""

from typing import Any, NamedTuple

import keras
from keras import ops

from mt.model.config import ModelConfig
from mt.model.dropout import unit_dropout
from mt.model.lstm import LSTM

Tensor = Any


class Memory(NamedTuple):
    """What the decoder knows of a source; it never changes during search."""

    outputs: Tensor  # (B, S, M)
    keys: Tensor  # (B, S, A) outputs as the attention compares them
    mask: Tensor  # (B, S) True = a real piece


class BidirectionalLSTM(keras.layers.Layer):
    """One LSTM from left to right and one from right to left, side by side (Schuster & Paliwal 1997).

    The backward LSTM starts at the last real piece of each source; the outputs at real positions do not depend on the
    padding.
    """

    def __init__(self, hidden: int, input_width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.forward_lstm = LSTM(hidden, name="forward")
        self.forward_lstm.build((None, None, input_width))
        self.backward_lstm = LSTM(hidden, name="backward")
        self.backward_lstm.build((None, None, input_width))

    def call(self, inputs: Tensor, mask: Tensor) -> Tensor:
        """(B, S, 2 H) for inputs (B, S, any) and mask (B, S)."""
        backward = self.backward_lstm(inputs, backwards_from=mask)
        return ops.concatenate([self.forward_lstm(inputs), backward], axis=-1)

    def sums(self, inputs: Tensor) -> Tensor:
        """W x + b (B, S, 8 H), forward and then backward, for inputs (B, S, any)."""
        return ops.concatenate([lstm.first_sums(inputs) for lstm in (self.forward_lstm, self.backward_lstm)], axis=-1)

    def step(self, sums: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """The next states (B, 2 H), forward and backward, for sums (B, 8 H) of the position each has reached."""
        forward, backward = zip(*(ops.split(field, 2, axis=-1) for field in (sums, hidden, cell)), strict=True)
        states = self.forward_lstm.step(*forward), self.backward_lstm.step(*backward)
        hidden, cell = (ops.concatenate(field, axis=-1) for field in zip(*states, strict=True))
        return hidden, cell

    def watch(self, inputs: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The same for one source, and what was seen inside (1, S, 2, 4): forward and backward, as LSTM.watch says."""
        forward, inside = self.forward_lstm.watch(inputs)
        backward, inside_backward = self.backward_lstm.watch(inputs, backwards_from=mask)
        return ops.concatenate([forward, backward], axis=-1), ops.stack([inside, inside_backward], axis=2)


class Encoder(keras.layers.Layer):
    """A stack of bidirectional LSTMs; from the second on x + LSTM(LN(x)).

    Residuals as in GNMT (Wu et al. 2016, §3.1), layer normalization before each layer (Ba et al. 2016). With the key
    layer_normalization the outputs are normalized as well: a sum over the layers grows with their number, an LSTM's own
    outputs are small at first, and the attention and the decoder get the same scale from both.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        width = 2 * config.encoder_hidden
        self.layers = [BidirectionalLSTM(config.encoder_hidden, config.embedding, name="layer1")]
        self.norms = []
        for number in range(2, config.encoder_layers + 1):
            self.layers.append(BidirectionalLSTM(config.encoder_hidden, width, name=f"layer{number}"))
            self.norms.append(keras.layers.LayerNormalization(name=f"norm{number}"))
            self.norms[-1].build((None, None, width))
        norm = keras.layers.LayerNormalization if config.layer_normalization else keras.layers.Identity
        self.output_norm = norm(name="output_norm")
        self.output_norm.build((None, None, width))
        self.dropout = unit_dropout(config)

    def call(self, embedded: Tensor, mask: Tensor, training: bool = False) -> Tensor:
        """Outputs (B, S, M) for embedded pieces (B, S, E) and their mask (B, S)."""
        return self._stack(lambda layer, inputs: layer(inputs, mask), embedded, training)

    def watch(self, embedded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """The same for one source, and what was seen inside (1, S, L, 2, 4); see BidirectionalLSTM.watch."""
        seen = []

        def run(layer: BidirectionalLSTM, inputs: Tensor) -> Tensor:
            outputs, inside = layer.watch(inputs, mask)
            seen.append(inside)
            return outputs

        outputs = self._stack(run, embedded, training=False)
        return outputs, ops.stack(seen, axis=2)

    def sums(self, layer: int, inputs: Tensor) -> Tensor:
        """BidirectionalLSTM.sums of a layer, the first of which is 0, for embedded pieces or the outputs below it."""
        return self.layers[layer].sums(self.norms[layer - 1](inputs) if layer else inputs)

    def _stack(self, run: Any, embedded: Tensor, training: bool) -> Tensor:
        """The outputs of all layers; run(layer, inputs) gives those of one."""
        outputs = run(self.layers[0], embedded)
        for layer, norm in zip(self.layers[1:], self.norms, strict=True):
            outputs = outputs + run(layer, self.dropout(norm(outputs), training=training))
        return self.dropout(self.output_norm(outputs), training=training)
