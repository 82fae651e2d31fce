"""The tokenizer: every text comes back, nothing is unknown, and no text reaches a tag."""

import io

import pytest
import sentencepiece
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import BundleError, UnsupportedLanguage
from mt.text import normalize
from mt.tokenizer import BOS, EOS, PAD, UNK, Tokenizer, language_tag
from tests import tiny

KINDS = st.sampled_from(["unigram", "bpe"])
SPECIAL_LOOKS = ["<pad>", "<unk>", "<s>", "</s>", "<2de>", "<2en>", "<0x0A>", "<0xFF>", "⁇"]
ANY_TEXT = st.one_of(st.text(), st.lists(st.sampled_from([*SPECIAL_LOOKS, " ", "one", "😀", "ß"])).map("".join))
SPACE_MARK = "\u2581"  # SentencePiece's own sign for a space
NORMAL_TEXT = ANY_TEXT.map(lambda text: normalize(text.replace(SPACE_MARK, "")))


@given(KINDS, NORMAL_TEXT)
def test_every_normalized_text_comes_back(kind, text):
    tokenizer = tiny.tokenizer(kind)
    assert tokenizer.decode(tokenizer.encode([text])) == [text]


@pytest.mark.parametrize("text", [f"one{SPACE_MARK}two", f"one{SPACE_MARK} two", f"{SPACE_MARK}one two{SPACE_MARK}"])
def test_the_sign_for_a_space_reads_as_a_space(tokenizer, text):
    assert normalize(tokenizer.decode(tokenizer.encode([text]))[0]) == "one two"


@given(KINDS, NORMAL_TEXT)
def test_no_text_is_unknown_or_reaches_a_special_piece_or_a_tag(kind, text):
    tokenizer = tiny.tokenizer(kind)
    special = {PAD, UNK, BOS, EOS, tokenizer.tag("de"), tokenizer.tag("en")}
    assert not special & set(tokenizer.encode([text])[0])


@given(KINDS, st.lists(NORMAL_TEXT, max_size=4), st.floats(0, 1), st.integers(0, 2**31))
def test_sampled_pieces_spell_the_same_text_and_are_the_same_for_the_same_seed(kind, texts, alpha, seed):
    tokenizer = tiny.tokenizer(kind)
    sampled = tokenizer.sample(texts, alpha, seed)
    assert tokenizer.decode(sampled) == texts
    assert tokenizer.sample(texts, alpha, seed) == sampled


def test_other_seeds_cut_the_text_in_other_ways(tokenizer):
    texts = list(tiny.number_names("en")[:50])
    assert tokenizer.sample(texts, 0.3, seed=1) != tokenizer.sample(texts, 0.3, seed=2)


def test_the_likeliest_pieces_do_not_change_with_sampling_in_between(tokenizer):
    texts = list(tiny.number_names("de")[:50])
    before = tokenizer.encode(texts)
    tokenizer.sample(texts, 0.3, seed=1)
    assert tokenizer.encode(texts) == before


def test_bpe_without_dropout_samples_its_likeliest_pieces():
    texts = list(tiny.number_names("en")[:50])
    assert tiny.tokenizer("bpe").sample(texts, 0.0, seed=1) == tiny.tokenizer("bpe").encode(texts)


def test_an_empty_text_has_no_pieces(tokenizer):
    assert tokenizer.encode(["", "one"])[0] == []
    assert tokenizer.decode([[]]) == [""]
    assert tokenizer.encode([]) == tokenizer.decode([]) == tokenizer.sample([], 0.5, seed=1) == []


def test_special_pieces_leave_no_trace_in_a_text(tokenizer):
    ids = tokenizer.encode(["twenty-one"])[0]
    assert tokenizer.decode([[BOS, tokenizer.tag("de"), *ids, EOS, PAD, PAD]]) == ["twenty-one"]


def test_a_source_is_the_target_language_the_pieces_and_the_end(tokenizer):
    ids = tokenizer.encode(["one"])[0]
    source = tokenizer.source_ids(ids, "en")
    assert source == [tokenizer.tag("en"), *ids, EOS]
    assert tokenizer.pieces([source[0], source[-1]]) == ["<2en>", "</s>"]


def test_what_the_vocabulary_lacks_is_spelled_in_bytes(tokenizer):
    assert tokenizer.pieces(tokenizer.encode(["ℵ"])[0])[-3:] == ["<0xE2>", "<0x84>", "<0xB5>"]


def test_bytes_that_are_no_utf8_become_replacement_characters(tokenizer):
    (byte,) = [number for number in range(tokenizer.size) if tokenizer.pieces([number]) == ["<0xE2>"]]
    assert tokenizer.decode([[byte]]) == ["\ufffd"]


def test_languages_are_those_with_a_tag(tokenizer):
    assert tokenizer.languages == ("de", "en")
    assert tokenizer.pieces([tokenizer.tag(language) for language in tokenizer.languages]) == [
        language_tag("de"),
        language_tag("en"),
    ]


def test_a_language_without_a_tag_is_refused_with_those_that_have_one(tokenizer):
    with pytest.raises(UnsupportedLanguage, match=r"'fr' is not a target language .* it has \('de', 'en'\)\."):
        tokenizer.tag("fr")


def test_a_tokenizer_comes_back_from_its_bytes_and_from_a_file(tokenizer, tmp_path):
    (tmp_path / "sentencepiece.model").write_bytes(tokenizer.model)
    loaded = Tokenizer.load(tmp_path / "sentencepiece.model")
    texts = list(tiny.number_names("de"))
    assert loaded.encode(texts) == Tokenizer(tokenizer.model).encode(texts) == tokenizer.encode(texts)
    assert (loaded.size, loaded.languages) == (tiny.VOCABULARY, ("de", "en"))


@pytest.mark.parametrize("junk", [b"no model at all", b"\x00" * 100, b""])
def test_bytes_that_are_no_sentencepiece_model_are_refused_with_their_number(junk):
    with pytest.raises(BundleError, match=rf"The {len(junk)} bytes given are no SentencePiece model"):
        Tokenizer(junk)


def test_a_model_with_other_special_pieces_is_refused():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(tiny.number_names("en")), model_writer=model, vocab_size=50, minloglevel=2
    )
    with pytest.raises(BundleError, match=r"must be <pad> <unk> <s> </s>, got <unk> <s> </s> "):
        Tokenizer(model.getvalue())


SPELLED = st.lists(
    st.one_of(st.characters(), st.sampled_from(["▁", " ", "one", "▁ ▁", "👩\u200d👧", "⁇", "<s>", "<0x41>"]))
)


@given(SPELLED.map(lambda parts: normalize("".join(parts))))
def test_pieces_are_cut_from_the_text_that_they_were_made_of(text):
    (ids,) = tiny.tokenizer().encode([text])
    spans = tiny.tokenizer().cut(text, ids)
    for piece, (start, end) in zip(tiny.tokenizer().pieces(ids), spans, strict=True):
        if piece.startswith("<0x") and len(piece) == len("<0x41>"):
            assert int(piece[3:5], 16) in text[start:end].encode()
            assert end - start == 1
        else:
            assert text[start:end].replace("▁", " ") in (piece.replace("▁", " "), piece[1:], "")


@given(SPELLED.map(lambda parts: normalize("".join(parts))))
def test_pieces_cover_every_letter_of_the_text(text):
    (ids,) = tiny.tokenizer().encode([text])
    covered = {place for start, end in tiny.tokenizer().cut(text, ids) for place in range(start, end)}
    assert all(place in covered for place, character in enumerate(text) if character not in " ▁")


@given(st.lists(st.integers(0, tiny.VOCABULARY - 1), max_size=12))
def test_any_pieces_are_spelled_as_they_are_decoded(ids):
    text, spans = tiny.tokenizer().spell(ids)
    assert text == tiny.tokenizer().decode([ids])[0]
    assert len(spans) == len(ids)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    covered = {place for start, end in spans for place in range(start, end)}
    assert all(place in covered for place, character in enumerate(text) if character != " ")


def test_a_likely_word_is_likelier_than_one_of_rare_pieces():
    assert tiny.tokenizer().likelihood("twenty") > tiny.tokenizer().likelihood("TWENTY")


def rows_of_whole_characters(tokenizer, ids):
    rows, row = [], []
    for number in ids:
        row.append(number)
        if not tokenizer.ends_halfway(row):
            rows.append(row)
            row = []
    return [*rows, row]


def ids_of_anything(size):
    """Ids of all pieces, and of bytes that spell characters or nearly do."""
    byte = st.integers(0, 255).map(lambda number: tiny.TAGS_AND_BYTES.start + 2 + number)
    near = st.sampled_from("äé你😀\u0301\u200b").flatmap(
        lambda one: st.lists(st.sampled_from(one.encode()), max_size=5)
    )
    spelled = near.map(lambda row: [tiny.TAGS_AND_BYTES.start + 2 + number for number in row])
    return st.lists(st.lists(st.integers(0, size - 1) | byte, max_size=4) | spelled, max_size=8).map(
        lambda rows: [number for row in rows for number in row]
    )


@given(KINDS, st.data())
def test_rows_decoded_behind_each_other_are_the_text_of_all(kind, data):
    tokenizer = tiny.tokenizer(kind)
    ids = data.draw(ids_of_anything(tokenizer.size))
    rows = rows_of_whole_characters(tokenizer, ids)
    together = "".join(map(tokenizer.decode_behind, rows))
    assert together.lstrip(" ") == tokenizer.decode([ids])[0].lstrip(" ")


@pytest.mark.parametrize("character", ["ä", "你", "😀"])
def test_a_character_in_bytes_is_whole_at_its_last_byte(tokenizer, character):
    ids = [tiny.TAGS_AND_BYTES.start + 2 + byte for byte in character.encode()]
    halves = [tokenizer.ends_halfway(ids[:count]) for count in range(len(ids) + 1)]
    assert halves == [False, *[True] * (len(ids) - 1), False]
