"""What a translator has to show before it serves."""

import math
from typing import TYPE_CHECKING

from mt import BundleError

if TYPE_CHECKING:
    from mt import Translator

# Short, as they are translated in every direction, and with digits, which most scripts have.
TEXTS = ("Hello.", "1, 2, 3!")


def try_out(translator: "Translator") -> None:
    """Nothing; the translator is warm. Raises BundleError when it finds nothing, or what cannot be ranked."""
    translator.warm_up()
    for source, target in translator.directions:
        found = translator.translate(TEXTS, source, target)
        if not all(math.isfinite(translation.score) for translation in found):
            scores = ", ".join(str(translation.score) for translation in found)
            raise BundleError(
                f"{translator.name} from '{source}' to '{target}' scores test sentences as {scores}: its weights are "
                "damaged. Train or export it again."
            )
        if not any(translation.text.strip() for translation in found):
            raise BundleError(
                f"{translator.name} from '{source}' to '{target}' translates test sentences as nothing. Train it on."
            )
