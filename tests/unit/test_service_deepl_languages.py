import pytest

from tests.service_fakes import Client, FakeTranslator


@pytest.fixture(scope="module")
def polyglot():
    """A server for a translator of several pairs of languages."""
    translator = FakeTranslator()
    translator.directions = (("en", "de"), ("fr", "de"), ("de", "en"), ("en", "pt"), ("pt-br", "en"), ("de", "en-gb"))
    with Client(translator=translator) as client:
        yield client.wait_until_ready()


@pytest.mark.parametrize(
    ("source", "target"), [("EN", "DE"), ("FR", "DE"), ("DE", "EN-US"), ("DE", "EN-GB"), ("EN", "PT-PT"), ("PT", "EN")]
)
def test_deepls_variants_mean_the_languages_that_are_there(polyglot, source, target):
    answer = polyglot.deepl(source_lang=source, target_lang=target)
    assert answer.json()["translations"][0]["detected_source_language"] == source


def test_the_language_of_each_text_is_found_out_where_none_is_named(polyglot):
    texts = ["Good morning, how are you?", "Guten Morgen, wie geht es dir?", "Bonjour, comment allez-vous ?"]
    found = polyglot.deepl(text=texts).json()["translations"]
    assert [one["detected_source_language"] for one in found] == ["EN", "DE", "FR"]
    assert [one["text"] for one in found] == [texts[0].upper(), texts[1], texts[2].lower()]


@pytest.mark.parametrize("content", [{}, {"data": {"type": "source"}}, {"params": {"type": "source"}}])
def test_source_languages_have_no_variants(polyglot, content):
    assert polyglot.request("GET", "/v2/languages", **content).json() == [
        {"language": "DE", "name": "German"},
        {"language": "EN", "name": "English"},
        {"language": "FR", "name": "French"},
        {"language": "PT", "name": "Portuguese"},
    ]


@pytest.mark.parametrize("content", [{"data": {"type": "target"}}, {"params": {"type": "target"}}])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_target_languages_have_the_variants_that_deepl_has(polyglot, method, content):
    names = {
        "DE": "German",
        "EN-GB": "English (British)",
        "EN-US": "English (American)",
        "PT-BR": "Portuguese (Brazilian)",
        "PT-PT": "Portuguese (European)",
    }
    assert polyglot.request(method, "/v2/languages", **content).json() == [
        {"language": code, "name": name, "supports_formality": False} for code, name in names.items()
    ]


def test_every_target_that_is_listed_can_be_translated_into(polyglot):
    for target in polyglot.get("/v2/languages?type=target").json():
        source = "EN" if target["language"] in ("DE", "PT-BR", "PT-PT") else "DE"
        assert polyglot.deepl(source_lang=source, target_lang=target["language"]).status_code == 200
