"""JoeyNMT's own recurrent recipes, as its repository publishes them in configs/, in the names that 2.3 has for keys.

What belongs to their data is set by tests.bench.joey_training: files, vocabulary, lengths, the updates between
validations, and the size of test batches.
"""

from dataclasses import dataclass
from typing import Any

_BIG = 10_000  # epochs; the schedule ends the training long before, when the rate has fallen to learning_rate_min

# How the weights begin, in all of them, and that none are tied.
_BEGINNING = {
    "initializer": "xavier_uniform",
    "embed_initializer": "normal",
    "embed_init_weight": 0.1,
    "tied_embeddings": False,
    "tied_softmax": False,
}


@dataclass(frozen=True)
class JoeyRecipe:
    """The sections of a configuration."""

    name: str
    model: dict[str, Any]
    training: dict[str, Any]


def _layers(kind: str, embedding: int, hidden: int, layers: int, **more: Any) -> dict[str, Any]:
    embeddings = {"embedding_dim": embedding, "scale": False}
    sizes = {"embeddings": embeddings, "hidden_size": hidden, "num_layers": layers}
    return {"type": "recurrent", "rnn_type": kind, **sizes, **more}


# configs/rnn_small.yaml. It is made for a toy corpus, hence its sizes; there it trains for 100 updates, here until its
# schedule ends.
RNN_SMALL = JoeyRecipe(
    "rnn_small",
    model={
        **_BEGINNING,
        "bias_initializer": "zeros",
        "lstm_forget_gate": 1.0,
        "encoder": _layers("gru", 16, 30, 3, bidirectional=True, dropout=0.2),
        "decoder": _layers(
            "gru", 16, 30, 2, dropout=0.2, hidden_dropout=0.2, input_feeding=True, init_hidden="last",
            attention="bahdanau",
        ),
    },
    training={
        "optimizer": "adam",
        "adam_betas": [0.9, 0.999],
        "learning_rate": 0.005,
        "learning_rate_min": 0.0001,
        "clip_grad_val": 1.0,
        "label_smoothing": 0.0,
        "batch_size": 10,
        "batch_type": "sentence",
        "normalization": "batch",
        "scheduling": "plateau",
        "patience": 5,
        "decrease_factor": 0.5,
        "early_stopping_metric": "loss",
        "epochs": _BIG,
    },
)  # fmt: skip

# configs/iwslt14_deen_bpe.yaml: its recipe for a real corpus, whose score its README gives. `learning_rate_min` is not
# in it; half of JoeyNMT 2.3's default leaves it four falls of the rate instead of two.
IWSLT14 = JoeyRecipe(
    "iwslt14_deen_bpe",
    model={
        **_BEGINNING,
        "encoder": _layers("gru", 620, 500, 1, bidirectional=True, dropout=0.0),
        "decoder": _layers(
            "gru", 620, 1000, 1, dropout=0.0, hidden_dropout=0.2, input_feeding=True, init_hidden="bridge",
            attention="bahdanau",
        ),
    },
    training={
        "optimizer": "adam",
        "learning_rate": 0.0002,
        "learning_rate_min": 0.00005,
        "batch_size": 80,
        "batch_type": "sentence",
        "normalization": "tokens",
        "scheduling": "plateau",
        "patience": 8,
        "decrease_factor": 0.7,
        "early_stopping_metric": "loss",
        "epochs": 100,
    },
)  # fmt: skip

# Not published: JoeyNMT with the sizes, the regularization and the optimizer that our recipes of this size have.
TUNED = JoeyRecipe(
    "tuned",
    model={
        **_BEGINNING,
        "encoder": _layers("lstm", 256, 256, 1, bidirectional=True, dropout=0.2),
        "decoder": _layers(
            "lstm", 256, 512, 1, dropout=0.2, hidden_dropout=0.2, input_feeding=True, init_hidden="bridge",
            attention="luong",
        ),
    },
    training={
        "optimizer": "adam",
        "learning_rate": 0.001,
        "learning_rate_min": 0.00001,
        "clip_grad_norm": 1.0,
        "label_smoothing": 0.1,
        "batch_size": 64,
        "batch_type": "sentence",
        "normalization": "tokens",
        "scheduling": "plateau",
        "patience": 2,
        "decrease_factor": 0.5,
        "early_stopping_metric": "bleu",
        "epochs": 100,
    },
)  # fmt: skip
