"""Unmodified clients from PyPI against a running server: python check.py URL; one line for each that works."""

import sys

import pytest
from argostranslate.apis import LibreTranslateAPI
from translate import Translator
from translate.exceptions import TranslationError


def check_translate(url: str) -> None:
    options = {"provider": "libre", "base_url": url, "secret_access_key": None}
    assert Translator(from_lang="en", to_lang="de", **options).translate("Good morning!") == "Guten Morgen!"
    station = Translator(from_lang="autodetect", to_lang="en", **options).translate("Wo ist der Bahnhof?")
    assert station == "Where is the station?"
    with pytest.raises(TranslationError, match="400"):
        Translator(from_lang="en", to_lang="fr", **options).translate("Good morning!")
    print("translate (PyPI)")


def check_argostranslate(url: str) -> None:
    client = LibreTranslateAPI(url)
    assert client.translate("Good morning!", "en", "de") == "Guten Morgen!"
    assert [language["code"] for language in client.languages()] == ["en", "de"]  # by POST
    assert client.detect("Wo ist der Bahnhof?")[0]["language"] == "de"
    print("argostranslate.apis (PyPI)")


if __name__ == "__main__":
    check_translate(sys.argv[1])
    check_argostranslate(sys.argv[1])
