"""The joint SentencePiece vocabulary of a corpus."""

import io
from collections.abc import Iterable, Sequence

import sentencepiece

from mt.errors import CorpusError
from mt.tokenizer import BOS, EOS, PAD, UNK, Tokenizer, language_tag
from training.recipe import SubwordConfig


def train_tokenizer(
    texts: Iterable[str], languages: Sequence[str], config: SubwordConfig, tags: Sequence[str] = ()
) -> Tokenizer:
    """A tokenizer learned from normalized texts of all languages together, with a tag for each target language.

    `tags` are those of corpora (corpora.tag), which become control pieces as well.
    Raises CorpusError when the texts are too few for the vocabulary that is asked for.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            model_type=config.kind,
            vocab_size=config.vocabulary,
            character_coverage=config.character_coverage,
            byte_fallback=True,
            control_symbols=[*map(language_tag, languages), *tags],
            pad_id=PAD,
            unk_id=UNK,
            bos_id=BOS,
            eos_id=EOS,
            # mt.text.normalize has done it, the same for training and serving.
            normalization_rule_name="identity",
            num_threads=2,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise CorpusError(
            f"The corpus does not give a vocabulary of {config.vocabulary:,} pieces: {error}. "
            "Set subwords.vocabulary in the recipe to a smaller number."
        ) from error
    return Tokenizer(model.getvalue())
