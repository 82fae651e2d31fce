"""The LSTM over whole sequences, computed so that training is fast on ordinary processors."""

from typing import Any

import keras
from keras import ops

Tensor = Any
CLOSED = -1e9  # a sum that shuts every gate, so that a state stays zero


class LSTM(keras.layers.LSTM):
    """keras.layers.LSTM that returns all outputs: the same weights and mathematics, its recurrence and gradient ours.

    TensorFlow differentiates Keras's loop step by step, and an update spent most of its time there. Here the products
    that need no recurrence are one product for all positions, forward and backward (Appleyard et al. 2016, §3); what is
    left in the loops works on states (H, B), whose product with the weights is the fastest that few sentences allow.
    """

    def __init__(self, hidden: int, **kwargs: Any) -> None:
        super().__init__(hidden, return_sequences=True, **kwargs)

    def call(
        self, sequences: Tensor, initial_state: list[Tensor] | None = None, backwards_from: Tensor | None = None
    ) -> Tensor:
        """Outputs (B, T, H) for sequences (B, T, any), from a hidden and a cell state (B, H) or from zeros.

        With a mask (B, T), False behind the ends, each sequence is read backwards from its own end: behind it the
        gates are shut, so that the state is still as it began when the last real position is read.
        """
        inputs, hidden, cell = self._begun(sequences, initial_state, backwards_from)
        turned = ops.transpose(inputs, (1, 2, 0)), ops.transpose(hidden), ops.transpose(cell)
        outputs = _recurrence(*turned, ops.transpose(self.cell.recurrent_kernel))
        return _in_order(ops.transpose(outputs, (2, 0, 1)), backwards_from)

    def sums(self, sequences: Tensor) -> Tensor:
        """W x + b (B, T, 4 H) for sequences (B, T, any): all of the gates' sums that needs no state."""
        batch, _, width = ops.shape(sequences)
        rows = ops.matmul(ops.reshape(sequences, (-1, width)), self.cell.kernel) + self.cell.bias
        return ops.reshape(rows, (batch, -1, 4 * self.units))

    def first_sums(self, inputs: Tensor) -> Tensor:
        """The same (…, 4 H) for inputs (B, any) or (B, K, any), by the product that is quick in LiteRT."""
        return product(inputs, self.cell.kernel) + ops.cast(self.cell.bias, inputs.dtype)

    def step(self, sums: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
        """The next hidden and cell state (…, H), for the sums (…, 4 H) of a position and the states before it."""
        return _moved(_gates(sums + product(hidden, self.cell.recurrent_kernel), axis=-1), cell)

    def watch(
        self, sequences: Tensor, initial_state: list[Tensor] | None = None, backwards_from: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """The outputs of one sequence (1, T, any), and what was seen inside (1, T, 4).

        That is at each position the mean of the input, of the forget and of the output gate, and the norm of the cell
        state.
        """
        inputs, hidden, cell = self._begun(sequences, initial_state, backwards_from)
        columns = [ops.zeros_like(inputs[:, :, : self.units]), *[ops.zeros_like(inputs[:, :, :1])] * 4]
        start = ops.concatenate(columns, axis=-1)
        told = _told_of_one(inputs, hidden, cell, self.cell.recurrent_kernel, start)
        told = _in_order(told, backwards_from)
        return told[:, :, : self.units], told[:, :, self.units :]

    def _begun(
        self, sequences: Tensor, initial_state: list[Tensor] | None, backwards_from: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The sums of the sequences, in the order they are read, and the states to begin with."""
        inputs = self.sums(sequences)
        hidden, cell = initial_state or [ops.zeros((ops.shape(inputs)[0], self.units), dtype=inputs.dtype)] * 2
        if backwards_from is not None:
            inputs = ops.where(backwards_from[:, :, None], inputs, ops.cast(CLOSED, inputs.dtype))
        return _in_order(inputs, backwards_from), hidden, cell


def product(inputs: Tensor, matrix: Tensor, transposed: bool = False) -> Tensor:
    """inputs (B, I) or (B, K, I) · matrix (I, J), or (J, I) transposed, for search.

    Where B and K are unknown, a matrix product would become a LiteRT graph whose shapes are known only when it runs,
    and its quickest kernels (XNNPACK) are only for shapes known before; elsewhere TensorFlow's is the quickest.
    """
    matrix, (*rows, width) = ops.cast(matrix, inputs.dtype), inputs.shape
    if len(rows) == 2 and rows[1] is None:
        return ops.einsum("bki,ji->bkj" if transposed else "bki,ij->bkj", inputs, matrix)
    products = ops.matmul(ops.reshape(inputs, (-1, width)), ops.transpose(matrix) if transposed else matrix)
    return ops.reshape(products, (-1, *rows[1:], products.shape[-1]))


def _in_order(positions: Tensor, backwards_from: Tensor | None) -> Tensor:
    """Positions (B, T, any) turned around if they are read, or were, from the end."""
    return positions if backwards_from is None else ops.flip(positions, axis=1)


def _output_and_inside(gates: tuple[Tensor, ...], hidden: Tensor, cell: Tensor) -> Tensor:
    means = [ops.mean(gate, axis=1, keepdims=True) for gate in (gates[0], gates[1], gates[3])]
    norm = ops.sqrt(ops.sum(cell * cell, axis=1, keepdims=True))
    return ops.concatenate([hidden, *means, norm], axis=1)


def _told_of_one(inputs: Tensor, hidden: Tensor, cell: Tensor, weights: Tensor, told: Tensor) -> Tensor:
    """What `_output_and_inside` tells of a sequence: inputs (1, T, 4 H), states (1, H), U (H, 4 H), to (1, T, H + 4).

    `told` is where it goes.
    """
    places = ops.arange(ops.shape(inputs)[1], dtype="int32")[None, :, None]

    def step(time: Tensor, hidden: Tensor, cell: Tensor, told: Tensor) -> tuple[Tensor, ...]:
        gates = _gates(ops.take(inputs, time, axis=1) + ops.matmul(hidden, weights), axis=1)
        hidden, cell = _moved(gates, cell)
        row = _output_and_inside(gates, hidden, cell)
        return time + 1, hidden, cell, ops.where(ops.equal(places, time), row[:, None], told)

    def is_inside(time: Tensor, *_: Tensor) -> Tensor:
        return time < ops.shape(inputs)[1]

    start = (ops.convert_to_tensor(0, dtype="int32"), hidden, cell, told)
    return ops.while_loop(is_inside, step, start)[-1]


@ops.custom_gradient
def _recurrence(inputs: Tensor, hidden: Tensor, cell: Tensor, weights: Tensor) -> Tensor:
    """Outputs (T, H, B) for W x + b (T, 4 H, B), first states (H, B) and U (4 H, H); gates in the order i, f, g, o.

    z = W x + b + U h; i, f, o = sigmoid(z); g = tanh(z); c = f c + i g; h = o tanh(c) (Hochreiter & Schmidhuber
    1997, with the forget gate of Gers et al. 2000).
    """

    def step(carry: tuple[Tensor, ...], x: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        hidden, cell, _ = carry
        sums = x + ops.matmul(weights, hidden)
        carry = (*_moved(_gates(sums, axis=0), cell), sums)
        return carry, carry

    # The sums are carried, though no step reads them, because scan stacks only what has the shape of its carry.
    start = (hidden, cell, ops.zeros_like(inputs[0]))
    _, (outputs, cells, sums) = ops.scan(step, start, inputs)

    def gradient(*args: Any, upstream: Tensor | None = None) -> tuple[Tensor, ...]:
        slopes = args[0] if upstream is None else upstream
        before, cells_before = (ops.concatenate([a[None], b[:-1]], 0) for a, b in ((hidden, outputs), (cell, cells)))
        i, f, g, o = _gates(sums, axis=1)
        tanh = ops.tanh(cells)
        from_output = o * (1 - tanh * tanh)  # dh/dc
        by_cell = ops.concatenate([g * i * (1 - i), cells_before * f * (1 - f), i * (1 - g * g)], axis=1)
        by_hidden = tanh * o * (1 - o)
        transposed = ops.transpose(weights)

        def back(carry: tuple[Tensor, Tensor], t: Tensor) -> Any:
            later, to_cell = carry
            to_hidden = slopes[t] + ops.matmul(transposed, later)
            to_cell = to_cell + to_hidden * from_output[t]
            to_sums = ops.concatenate([ops.tile(to_cell, (3, 1)) * by_cell[t], to_hidden * by_hidden[t]], axis=0)
            carry = (to_sums, to_cell * f[t])
            return carry, carry

        zeros = (ops.zeros_like(inputs[0]), ops.zeros_like(cell))
        (first, to_cell), (to_sums, _) = ops.scan(back, zeros, ops.arange(ops.shape(inputs)[0]), reverse=True)
        columns = ops.reshape(ops.transpose(to_sums, (1, 0, 2)), (weights.shape[0], -1))
        rows = ops.reshape(ops.transpose(before, (0, 2, 1)), (-1, weights.shape[1]))
        return to_sums, ops.matmul(transposed, first), to_cell, ops.matmul(columns, rows)

    return outputs, gradient


def _gates(sums: Tensor, axis: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Input, forget, candidate and output gate from their sums, which stand one after the other along the axis."""
    i, f, g, o = ops.split(sums, 4, axis=axis)
    return ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)


def _moved(gates: tuple[Tensor, ...], cell: Tensor) -> tuple[Tensor, Tensor]:
    """The next hidden and cell state."""
    i, f, g, o = gates
    cell = f * cell + i * g
    return o * ops.tanh(cell), cell
