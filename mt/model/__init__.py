"""Ids to log-probabilities: an LSTM encoder and decoder with attention, in Keras 3 and keras.ops only.

Letters of every shape in this project:
B batch · S source pieces · T target pieces · E embedding · H hidden · A attention · V vocabulary ·
K beam (hypotheses of one source) · L layers · M width of the encoder's outputs (2 H: two directions).
Ids are int32, masks bool (True = a real piece), scores natural-log float32.
"""

from mt.model.config import ModelConfig
from mt.model.decoder import DecoderState
from mt.model.encoder import Memory
from mt.model.seq2seq import Seq2Seq

__all__ = ["DecoderState", "Memory", "ModelConfig", "Seq2Seq"]
