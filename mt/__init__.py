"""dragoman's core: from text to text.

    from mt import Translator, load_bundle, shipped_bundle

    translator = Translator(load_bundle(shipped_bundle()))
    translator.translate(["Good morning!"], source="en", target="de")[0].text

The path of a text: mt.text splits it into sentences and normalizes them, mt.tokenizer makes piece ids of them, an
engine of mt.engines searches their translations with a bundle's graphs, and mt.planning puts the parts together.
The graphs were made by mt.export from the network in mt.model and the searches in mt.search.
"""

from mt.bundle import Bundle, Manifest, load_bundle, read_manifest, shipped_bundle
from mt.documents import plain_text
from mt.engines import Conditions, Hypothesis, SearchOptions
from mt.errors import (
    BundleError,
    CorpusError,
    DragomanError,
    InvalidOption,
    InvalidText,
    RecipeError,
    TrainingError,
    UnsupportedLanguage,
)
from mt.inside import Inside
from mt.planning import Plan, Translation
from mt.protecting import Explanation
from mt.sampling import Sampling
from mt.scoring import Score
from mt.stream import StreamState, TranslationStream
from mt.text.markup import Form
from mt.translator import Translator

__all__ = [
    "Bundle",
    "BundleError",
    "Conditions",
    "CorpusError",
    "DragomanError",
    "Explanation",
    "Form",
    "Hypothesis",
    "Inside",
    "InvalidOption",
    "InvalidText",
    "Manifest",
    "Plan",
    "RecipeError",
    "Sampling",
    "Score",
    "SearchOptions",
    "StreamState",
    "TrainingError",
    "Translation",
    "TranslationStream",
    "Translator",
    "UnsupportedLanguage",
    "load_bundle",
    "plain_text",
    "read_manifest",
    "shipped_bundle",
]
