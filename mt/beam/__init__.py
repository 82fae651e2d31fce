"""A Translator as an Apache Beam transform, for more text than one machine translates in time; extra `beam`.

    from mt.beam import Translate

    translated, failed = texts | Translate(None, "en", "de")

`python -m mt.beam` runs mt.beam.files, which translates whole files, line by line. Nothing else imports this package.
"""

from mt.beam.translate import Failure, Translate

__all__ = ["Failure", "Translate"]
