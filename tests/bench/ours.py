"""Our training step, driven as mt-train drives it."""

import platform
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mt.model import ModelConfig, Seq2Seq
from tests.bench.cases import CLIP_NORM, DROPOUT, LABEL_SMOOTHING, LEARNING_RATE, SEED, Case, Spec
from tests.bench.padded import Padded
from tests.bench.worker import Trainee, serve
from training.data.dataset import Batch
from training.recipe import TrainingConfig
from training.run.update import Updater, choose_precision


def build(spec: Spec) -> Trainee:
    """The model of mt.model with the update of training.run.update."""
    updater = make_updater(spec)

    def update(batch: Batch) -> float:
        return updater([batch], LEARNING_RATE)

    facts = {
        "name": "ours",
        "precision": keras.config.dtype_policy().name,
        "parameters": updater.model.count_params(),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "versions": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__},
    }
    return Trainee(prepare, update, facts)


def make_updater(spec: Spec) -> Updater:
    """The optimizer of a new model, in the precision and with the threads that the spec names."""
    tf.config.threading.set_intra_op_parallelism_threads(spec.threads)
    keras.utils.set_random_seed(SEED)
    keras.config.set_dtype_policy(choose_precision(spec.precision))
    model = Seq2Seq(model_config(spec.case), spec.case.vocabulary)
    return Updater(model, TrainingConfig(label_smoothing=LABEL_SMOOTHING, clip_norm=CLIP_NORM))


def model_config(case: Case) -> ModelConfig:
    """The sizes as mt.model names them."""
    return ModelConfig(
        embedding=case.embedding,
        encoder_hidden=case.encoder_hidden,
        encoder_layers=case.encoder_layers,
        decoder_hidden=case.decoder_hidden,
        decoder_layers=case.decoder_layers,
        dropout=DROPOUT,
    )


def prepare(padded: Padded) -> Batch:
    """What training.data.dataset hands over: the same batch with the places of its real target pieces."""
    positions = np.flatnonzero(padded.target).astype(np.int32)
    labels: Any = padded.labels.reshape(-1)[positions]
    return Batch(padded.source, padded.target, positions, labels)


if __name__ == "__main__":
    serve(build)
