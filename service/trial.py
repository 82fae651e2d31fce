"""What a translator has to show before it serves."""

import math
from typing import TYPE_CHECKING

from mt import BundleError

if TYPE_CHECKING:
    from mt import Translator

# Short, as they are translated in every direction, and with digits, which most scripts have.
TEXTS = ("Hello.", "1, 2, 3!")


def try_out(translator: "Translator") -> None:
    """Nothing; the translator is warm, and every direction tried. Raises BundleError for scores that are no numbers."""
    translator.warm_up()
    for source, target in translator.directions:
        scores = [translation.score for translation in translator.translate(TEXTS, source, target)]
        if not all(map(math.isfinite, scores)):
            raise BundleError(
                f"{translator.name} from '{source}' to '{target}' scores test sentences {scores}: its weights are "
                "damaged. Train or export it again."
            )
