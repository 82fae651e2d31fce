"""What teaches attention where to look: links between source and target pieces that are known beforehand."""

from typing import Any

import tensorflow as tf

from training.run.loss import SMALLEST_FLOAT32

Tensor = Any


def attention_loss(attention: Tensor, links: Tensor) -> Tensor:
    """The cross-entropy between links and attention summed over the pieces that have links (Chen et al. 2016, §3).

    attention (N, S) float32 has a row for each piece; links (L, 2) are rows and columns of it. A piece with several
    links shall attend to all of them alike. Those without one, EOS among them, are free, and so are tag and EOS of the
    source, for no piece is linked with them.
    """
    rows = links[:, 0]
    counts = tf.math.unsorted_segment_sum(tf.ones_like(rows, tf.float32), rows, tf.shape(attention)[0])
    logs = tf.math.log(tf.maximum(tf.gather_nd(attention, links), SMALLEST_FLOAT32))
    return -tf.reduce_sum(logs / tf.gather(counts, rows))
