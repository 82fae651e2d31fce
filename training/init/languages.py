"""Which languages the files of a corpus are in: as the user says, or as their names say."""

import re
from pathlib import Path

from mt.errors import InvalidOption

# ISO 639-1, two letters each.
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss "
    "st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
_LONGER_CODE = re.compile("[a-z]{3}(_[a-z0-9]{2,8})*|[a-z]{2}(_[a-z0-9]{2,8})+")  # such as nds, sr_latn, pt_br
_FORMATS = ("gz", "xz", "txt", "tsv", "csv", "tab")


def find_languages(files: tuple[Path, ...], option: str = "") -> tuple[str, str]:
    """The languages of two files, or of the two columns of one; the option, such as de-en, goes before their names.

    Raises InvalidOption for an option that is no pair of codes or says the opposite of the names, and where neither
    tells two languages.
    """
    named = languages_of_names(files)
    if not option:
        if named is None:
            names = " and ".join(file.name for file in files)
            raise InvalidOption(
                f"The languages cannot be told from {names}: no ending such as .de. Give --languages de-en, "
                "the source language first."
            )
        return named
    codes = option.lower().split("-")
    if len(codes) != 2 or codes[0] == codes[1] or not all(map(_is_code, codes)):
        raise InvalidOption(
            f"--languages must be two different language codes such as de-en, the source language first; got "
            f"'{option}'. Codes have two or three letters (ISO 639); a region or script follows after _, such as pt_br."
        )
    if named == (codes[1], codes[0]):
        raise InvalidOption(
            f"--languages {option} says the opposite of the files {' and '.join(file.name for file in files)}. "
            f"Give --languages {'-'.join(named)}, or turn --source and --target round."
        )
    return codes[0], codes[1]


def languages_of_names(files: tuple[Path, ...]) -> tuple[str, str] | None:
    """The two languages that the names of two files, or of one with two columns, end in; None where they do not."""
    if len(files) == 1:
        codes = _codes_at_end(files[0])[-2:]
    else:
        codes = [code for file in files for code in _codes_at_end(file)[-1:]]
    return (codes[0], codes[1]) if len(codes) == 2 and codes[0] != codes[1] else None


def _codes_at_end(file: Path) -> list[str]:
    """The language codes at the end of a file's name, endings of formats left aside."""
    words = re.split("[^a-z]+", file.name.lower())
    while words and words[-1] in _FORMATS:
        words.pop()
    codes: list[str] = []
    while words and words[-1] in _CODES.split():
        codes.insert(0, words.pop())
    return codes


def _is_code(text: str) -> bool:
    return text in _CODES.split() or bool(_LONGER_CODE.fullmatch(text))
