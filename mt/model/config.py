"""The sizes of a model."""

from dataclasses import dataclass

from mt.errors import RecipeError

ATTENTIONS = ("multiplicative", "additive")


@dataclass(frozen=True)
class ModelConfig:
    """The sizes of a model, apart from its vocabulary; `[model]` in a recipe."""

    embedding: int = 256  # E, also the width of the layer before the softmax, since both matrices are one
    encoder_hidden: int = 256  # H of one direction; the encoder's outputs are twice as wide
    encoder_layers: int = 1
    decoder_hidden: int = 512
    decoder_layers: int = 1
    attention: str = "multiplicative"  # or "additive"
    dropout: float = 0.3  # of the embeddings, between layers and before the softmax

    def __post_init__(self) -> None:
        for name in ("embedding", "encoder_hidden", "encoder_layers", "decoder_hidden", "decoder_layers"):
            if getattr(self, name) < 1:
                raise RecipeError(f"model.{name} must be at least 1, got {getattr(self, name)}.")
        if self.attention not in ATTENTIONS:
            raise RecipeError(f"model.attention must be one of {', '.join(ATTENTIONS)}, got '{self.attention}'.")
        if not 0 <= self.dropout < 1:
            raise RecipeError(f"model.dropout must be at least 0 and below 1, got {self.dropout}.")
