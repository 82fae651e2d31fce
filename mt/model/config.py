"""The sizes of a model, and what it leaves out in training."""

from dataclasses import dataclass

from mt.errors import RecipeError

ATTENTIONS = ("multiplicative", "additive")


@dataclass(frozen=True)
class ModelConfig:
    """A model apart from its vocabulary; `[model]` in a recipe. A bundle that lacks a key has its default."""

    embedding: int = 256  # E, also the width of the layer before the softmax
    encoder_hidden: int = 256  # H of one direction; the encoder's outputs are twice as wide
    encoder_layers: int = 1
    decoder_hidden: int = 512
    decoder_layers: int = 1
    attention: str = "multiplicative"  # or "additive"
    dropout: float = 0.3  # of the embeddings, between layers and before the softmax
    variational_dropout: bool = False  # the same dropout at all positions of a sequence
    word_dropout: float = 0.0  # share of the source and target pieces that training hides as a whole
    layer_normalization: bool = False  # also of memory and readout; the input of layers from the second on always is
    tied_embeddings: bool = True  # the embedding's matrix is the softmax's, too

    def __post_init__(self) -> None:
        for name in ("embedding", "encoder_hidden", "encoder_layers", "decoder_hidden", "decoder_layers"):
            if getattr(self, name) < 1:
                raise RecipeError(f"model.{name} must be at least 1, got {getattr(self, name)}.")
        if self.attention not in ATTENTIONS:
            raise RecipeError(f"model.attention must be one of {', '.join(ATTENTIONS)}, got '{self.attention}'.")
        for name in ("dropout", "word_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise RecipeError(f"model.{name} must be at least 0 and below 1, got {getattr(self, name)}.")
