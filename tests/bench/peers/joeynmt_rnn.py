"""JoeyNMT 2.3's recurrent model under its own TrainManager: its Batch, its loss, its step, its clipping and optimizer.

Sizes as ours, with its defaults for the rest: the decoder steps, since the attention vector is fed back into it. Of its
two attentions the cheaper one. Its softmax shares the embedding matrix where the widths allow it (model M). On a CPU it
computes in float32 alone.
"""

import platform
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from joeynmt.batch import Batch
from joeynmt.config import parse_train_args
from joeynmt.model import build_model
from joeynmt.training import TrainManager
from joeynmt.vocabulary import Vocabulary

from tests.bench.cases import CLIP_NORM, DROPOUT, LABEL_SMOOTHING, LEARNING_RATE, SEED, Case, Spec
from tests.bench.padded import PAD, Padded
from tests.bench.worker import Trainee, serve

# JoeyNMT numbers its special pieces in this order.
SPECIALS = SimpleNamespace(
    unk_id=0,
    unk_token="<unk>",
    pad_id=1,
    pad_token="<pad>",
    bos_id=2,
    bos_token="<s>",
    eos_id=3,
    eos_token="</s>",
    sep_id=None,
    sep_token=None,
    lang_tags=[],
)
TRAINING = {
    "optimizer": "adam",
    "adam_betas": [0.9, 0.999],
    "learning_rate": LEARNING_RATE,
    "clip_grad_norm": CLIP_NORM,
    "label_smoothing": LABEL_SMOOTHING,
    "normalization": "tokens",
    "scheduling": "exponential",  # it must be one; it steps at the end of an epoch, which does not come here
    "batch_size": 1,  # asked for; the batches come from elsewhere
}


def model_settings(case: Case) -> dict[str, Any]:
    """The `model` section of a JoeyNMT configuration."""
    shared = {"type": "recurrent", "rnn_type": "lstm", "dropout": DROPOUT}
    embeddings = {"embedding_dim": case.embedding, "scale": False, "dropout": DROPOUT}
    return {
        "initializer": "xavier_uniform",
        "embed_initializer": "normal",
        "embed_init_weight": 0.1,
        "tied_embeddings": True,
        "tied_softmax": case.embedding == case.decoder_hidden,
        "encoder": shared
        | {
            "embeddings": embeddings,
            "hidden_size": case.encoder_hidden,
            "num_layers": case.encoder_layers,
            "bidirectional": True,
        },
        "decoder": shared
        | {
            "embeddings": embeddings,
            "hidden_size": case.decoder_hidden,
            "num_layers": case.decoder_layers,
            "hidden_dropout": DROPOUT,
            "input_feeding": True,
            "init_hidden": "bridge",
            "attention": "luong",
        },
    }


def build(spec: Spec) -> Trainee:
    """The model in a TrainManager whose folder is the spec's."""
    torch.manual_seed(SEED)
    torch.set_num_threads(spec.threads)
    pieces = [f"piece{number}" for number in range(4, spec.case.vocabulary)]
    vocabulary = Vocabulary(pieces, SPECIALS)
    model = build_model(model_settings(spec.case), vocabulary, vocabulary)
    model.loss_function = ("crossentropy", LABEL_SMOOTHING)
    manager = TrainManager(
        rank=0,
        model=model,
        model_dir=Path(spec.folder) / "joeynmt",
        device=torch.device("cpu"),
        autocast={"device_type": "cpu", "enabled": False},
        train_args=parse_train_args(dict(TRAINING)),
    )
    facts = {
        "name": "JoeyNMT RNN, stepping decoder",
        "precision": "float32",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "joeynmt": version("joeynmt")},
    }
    return Trainee(prepare, lambda batch: update(manager, batch), facts)


def update(manager: TrainManager, batch: Batch) -> float:
    """What TrainManager.train_and_validate does for one batch, without its statistics."""
    loss, _ = manager._train_step(batch)
    manager.clip_grad_fun(parameters=manager.model.parameters())
    manager.optimizer.step()
    manager.model.zero_grad()
    return float(loss)


def prepare(padded: Padded) -> Batch:
    """A batch with JoeyNMT's numbers for padding and for unknown pieces, which ours never has."""
    source = renumber(padded.source)
    target = renumber(np.concatenate([padded.target[:, :1], padded.labels], axis=1))
    lengths = np.count_nonzero(padded.source, axis=1)
    return Batch(
        src=torch.from_numpy(source),
        src_length=torch.from_numpy(lengths),
        src_prompt_mask=None,
        trg=torch.from_numpy(target),
        trg_prompt_mask=None,
        indices=torch.arange(len(source)),
        device=torch.device("cpu"),
        pad_index=SPECIALS.pad_id,
        eos_index=SPECIALS.eos_id,
    )


def renumber(ids: np.ndarray) -> np.ndarray:
    """64-bit ids with 0 (our padding) and 1 (its padding) exchanged."""
    return np.where(ids == PAD, SPECIALS.pad_id, np.where(ids == SPECIALS.pad_id, PAD, ids)).astype(np.int64)


if __name__ == "__main__":
    serve(build)
