import pytest

from service.languages import language_name


@pytest.mark.parametrize(
    ("code", "name"), [("de", "German"), ("pt-br", "Portuguese (br)"), ("tlh", "tlh"), ("xx-yy", "xx-yy"), ("", "")]
)
def test_a_language_is_called_by_its_english_name_or_else_its_code(code, name):
    assert language_name(code) == name
