from service.answers import Answer


def test_text_is_sent_as_utf_8_not_as_escapes():
    assert Answer({"error": "Größe 😀"}).body == '{"error":"Größe 😀"}'.encode()


def test_half_a_surrogate_pair_is_sent_as_a_question_mark():
    assert Answer({"error": "a\ud800b"}).body == b'{"error":"a?b"}'
