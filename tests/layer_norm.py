"""Layer normalization written out in NumPy, to hold the one that runs to its equation."""

from typing import Any

import numpy as np


def layer_normalized(values: np.ndarray, norm: Any) -> np.ndarray:
    """Ba et al. 2016, §3, over the last axis, with the weights of a Keras layer."""
    gain, bias = norm.get_weights()
    spread = np.sqrt(values.var(axis=-1, keepdims=True) + norm.epsilon)
    return ((values - values.mean(axis=-1, keepdims=True)) / spread * gain + bias).astype(np.float32)
