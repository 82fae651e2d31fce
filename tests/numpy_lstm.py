"""An LSTM written out in NumPy, to hold the one that runs to its equations."""

from typing import Any

import numpy as np


def step(cell: Any, inputs: np.ndarray, hidden: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The next hidden and cell state (B, H) by the equations of Gers et al. 2000, with the weights of a Keras cell.

    A kernel holds the gates side by side: input, forget, candidate, output.
    """
    kernel, recurrent, bias = (np.asarray(weight, np.float64) for weight in cell.get_weights())
    for_input, for_forget, for_candidate, for_output = np.split(inputs @ kernel + hidden @ recurrent + bias, 4, axis=1)
    input_gate, forget_gate, output_gate = sigmoid(for_input), sigmoid(for_forget), sigmoid(for_output)
    state = forget_gate * state + input_gate * np.tanh(for_candidate)
    return output_gate * np.tanh(state), state


def run(cell: Any, inputs: np.ndarray, hidden: np.ndarray | None = None, state: np.ndarray | None = None) -> np.ndarray:
    """The hidden states (B, T, H) over inputs (B, T, any), from zeros unless a start is given."""
    zeros = np.zeros((len(inputs), cell.units))
    hidden, state = zeros if hidden is None else hidden, zeros if state is None else state
    outputs = []
    for time in range(inputs.shape[1]):
        hidden, state = step(cell, inputs[:, time], hidden, state)
        outputs.append(hidden)
    return np.stack(outputs, axis=1)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))
