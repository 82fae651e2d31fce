"""Every error that a caller of dragoman may see: each says what is wrong, the value received and what to do."""


class DragomanError(Exception):
    """The root of all deliberate errors; its text is fit to be shown to a user."""


class UnsupportedLanguage(DragomanError):
    """A language, or a pair of languages, that the model does not translate."""


class InvalidText(DragomanError):
    """A text that no translation can be made of, such as one with unpaired surrogates."""


class InvalidOption(DragomanError):
    """A value outside its range, such as a beam of 0."""


class BundleError(DragomanError):
    """A bundle that is missing, damaged, foreign, or made by a newer version."""


class RecipeError(DragomanError):
    """A recipe with an unknown key, a value of the wrong type, or values that do not go together."""


class CorpusError(DragomanError):
    """A parallel corpus that cannot be read or used as it is."""


class TrainingError(DragomanError):
    """A training run that cannot go on; the last good checkpoint is kept."""
