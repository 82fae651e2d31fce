"""The scripts of texts: which alphabets a text is written in, which its language is usually written in, its words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

# Languages of these scripts set no spaces between words: Thai, Lao, Burmese, Khmer, kana, Chinese characters.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_UNSPACED_LETTERS_A_WORD = 2  # about 1.5 in Chinese, 2 in Japanese, 4 in Thai
# The first word of a letter's Unicode name is nearly always its script; these are the others.
_WIDTHS = ("FULLWIDTH", "HALFWIDTH")
_OTHER_NAMES = {"CJK": "Han", "IDEOGRAPHIC": "Han", "KATAKANA-HIRAGANA": "Katakana", "GREEK-COPTIC": "Greek"}
_SYMBOLS = ("MODIFIER", "MATHEMATICAL", "SUPERSCRIPT", "SUBSCRIPT", "DOUBLE-STRUCK", "SCRIPT", "BLACK-LETTER", "MICRO")
_ORDINALS = ("FEMININE", "MASCULINE")  # ª and º
_USUAL = {
    "Arabic": "ar fa ps sd ug ur",
    "Armenian": "hy",
    "Bengali": "as bn",
    "Cyrillic": "ab av ba be bg ce cv kk ky mk mn os ru sr tg tt uk",
    "Devanagari": "hi mr ne sa",
    "Ethiopic": "am ti",
    "Georgian": "ka",
    "Greek": "el",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Han": "ja zh",
    "Hangul": "ko",
    "Hebrew": "he yi",
    "Hiragana": "ja",
    "Kannada": "kn",
    "Katakana": "ja",
    "Khmer": "km",
    "Lao": "lo",
    "Latin": "af ca cs cy da de en eo es et eu fi fr ga gl ha hr hu id ig is it lt lv mg ms mt nl no pl pt ro sk sl so "
    "sq sr sv sw tl tr uz vi xh yo zu",
    "Malayalam": "ml",
    "Myanmar": "my",
    "Oriya": "or",
    "Sinhala": "si",
    "Tamil": "ta",
    "Telugu": "te",
    "Thai": "th",
    "Tibetan": "bo dz",
}


@lru_cache(2**14)  # more than any language has letters; Unicode has many more
def script(character: str) -> str | None:
    """The script of a letter, such as Latin or Han; None for what is no letter or belongs to no one script."""
    if not character.isalpha():
        return None
    words = unicodedata.name(character, "").split()
    if words and words[0] in _WIDTHS:
        words = words[1:]
    if not words or words[0] in _SYMBOLS + _ORDINALS:
        return None
    return _OTHER_NAMES.get(words[0], words[0].title())


def count_scripts(characters: Mapping[str, int]) -> Counter[str]:
    """How many letters of each script there are, by the count of each character; the commonest script first."""
    counts: Counter[str] = Counter()
    for character, count in characters.items():
        name = script(character)
        if name:
            counts[name] += count
    return Counter(dict(counts.most_common()))


def usual_scripts(language: str) -> frozenset[str]:
    """The scripts that a language, by its code, is usually written in; none for one that is not known here."""
    code = re.split("[_-]", language)[0]
    return frozenset(name for name, codes in _USUAL.items() if code in codes.split())


def is_foreign(text: str, language: str) -> bool:
    """Whether most letters are of scripts that the language is not usually written in; never where none is known."""
    usual = usual_scripts(language)
    if not usual or (text.isascii() and "Latin" in usual):
        return False
    counts = count_scripts(Counter(text))
    return sum(counts[name] for name in usual) < counts.total() / 2


def count_words(text: str) -> int:
    """The words of a normalized text: by spaces, and by letters where the script sets none."""
    if not text:
        return 0
    spaced = text.count(" ") + 1
    return spaced if text.isascii() else spaced + len(_UNSPACED.findall(text)) // _UNSPACED_LETTERS_A_WORD
