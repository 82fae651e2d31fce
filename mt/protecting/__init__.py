"""What a model must not see or change: taken out before the search, put back into the translation."""

from mt.protecting.explanation import Explanation, explain
from mt.protecting.preparation import Prepared, prepare
from mt.protecting.restoration import Link, Restored, restore

__all__ = ["Explanation", "Link", "Prepared", "Restored", "explain", "prepare", "restore"]
