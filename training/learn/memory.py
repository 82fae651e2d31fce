"""What a network's memory does along a sequence: how much gradient reaches back, and how long its cells keep."""

from typing import Any

import numpy as np
import tensorflow as tf

from training.learn.network import Network
from training.learn.recall import Examples


def state_gradients(network: Network, examples: Examples) -> list[list[np.ndarray]]:
    """d loss / d state (B, H) behind each step, the last step first: of the hidden state, of an LSTM then the cell.

    The layer's cell is stepped, so each is what automatic differentiation gives for it.
    """
    with tf.GradientTape() as tape:
        states = _states(network, examples.sequences)
        loss = tf.reduce_sum(network.loss(states[-1][0], examples.answers))
    gradients = tape.gradient(loss, states, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [[gradient.numpy() for gradient in step] for step in reversed(gradients)]


def gradient_reach(network: Network, examples: Examples) -> np.ndarray:
    """The norm of d loss / d state 0, 1, … steps back (T,), mean over the sequences, as a share of that at the end.

    A share, because the loss of a network that recalls well has hardly a gradient anywhere.
    """
    norms = [np.linalg.norm(np.concatenate(step, axis=1), axis=1).mean() for step in state_gradients(network, examples)]
    return np.array(norms) / norms[0]


def half_lives(network: Network, examples: Examples) -> np.ndarray:
    """For each cell of an LSTM, the steps between token and cue in which its forget gates leave half of it (H,).

    f ** steps = 1/2 for the geometric mean f of the gates, as the gates' product is what is left of a cell.
    """
    cell = network.layer.cell
    hidden = [states[0] for states in _states(network, examples.sequences)]
    forget = slice(cell.units, 2 * cell.units)
    sums = [
        examples.sequences[:, step] @ cell.kernel[:, forget]
        + hidden[step - 1] @ cell.recurrent_kernel[:, forget]
        + cell.bias[forget]
        for step in range(1, len(hidden) - 1)
    ]
    return np.log(0.5) / tf.reduce_mean(tf.math.log_sigmoid(tf.stack(sums)), axis=(0, 1)).numpy()


def _states(network: Network, sequences: np.ndarray) -> list[list[Any]]:
    """Hidden state (B, H), of an LSTM then the cell, behind each step; each a tensor that only the next step reads."""
    cell, found = network.layer.cell, []
    states = [tf.zeros((len(sequences), cell.units))] * (2 if network.has_cells else 1)
    for step in range(sequences.shape[1]):
        states = [tf.identity(state) for state in cell(tf.constant(sequences[:, step]), states)[1]]
        found.append(states)
    return found
