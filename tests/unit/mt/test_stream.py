"""A translation that is given out as it grows: what `translate` gives in one piece."""

import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.engines import SearchOptions
from mt.errors import InvalidOption, InvalidText, UnsupportedLanguage
from mt.open_engine import ENGINES
from mt.sampling import Sampling
from mt.stream import GrowingPart
from mt.text import normalize
from mt.tokenizer import EOS
from mt.translator import Translator
from tests import tiny
from tests.repeating import repeater

# Without the loop guard, which searches again what is not streamed; the tiny model loops often.
FREE = SearchOptions(1, loop_guard=False)
TEXTS = [
    "two hundred",
    "",
    " \n",
    "seventy. two?\n\n\tseventy. Twelve!  ",
    "Tom two. {name} two. two {name} hundred https://a.b <b>twelve</b>!\nSEVENTY TWELVE\n😀 two",
    "😀 …\nnine — 你好\u00a0",
    "one two three four five " * 12 + "\nnine. " + "one two three four five " * 12,
]


@pytest.fixture(scope="module", params=ENGINES)
def translator(request):
    return Translator(tiny.bundle(), threads=1, engine=request.param)


def assert_same(one, other):
    assert replace(one, score=0.0) == replace(other, score=0.0)
    assert one.score == pytest.approx(other.score, abs=1e-4)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(
    "search",
    [
        FREE,
        replace(FREE, max_pieces=4, no_repeat=2),
        replace(FREE, sampling=Sampling(top_k=4, seed=2)),
    ],
)
def test_the_items_are_the_text_of_the_translation_that_greedy_search_gives(translator, text, search):
    stream = translator.stream(text, "en", "de", search=search)
    given_out = "".join(stream)
    (wanted,) = translator.translate([text], "en", "de", search=search)
    assert given_out == stream.translation.text
    assert_same(stream.translation, wanted)


@pytest.mark.parametrize("prefix", ["seven", "Zwei  hundert", "你好 ", "😀"])
def test_a_stream_may_begin_with_a_prefix(translator, prefix):
    stream = translator.stream(" two hundred\n", "en", "de", prefix=prefix, search=FREE)
    assert "".join(stream).startswith(f" {normalize(prefix)}")
    assert_same(stream.translation, translator.translate([" two hundred\n"], "en", "de", prefix=prefix, search=FREE)[0])


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 11, 30])
def test_a_stream_that_was_kept_goes_on_to_the_same_translation(translator, steps):
    text = TEXTS[3] + TEXTS[4]
    stream = translator.stream(text, "en", "de", search=SearchOptions(1, no_repeat=3, sampling=Sampling(seed=3)))
    before = [next(stream, "") for _ in range(steps)]
    kept = pickle.dumps(stream.state)
    wanted = "".join(before) + "".join(stream)
    for _ in range(2):
        resumed = translator.resume(pickle.loads(kept))
        assert "".join(before) + "".join(resumed) == wanted
        assert resumed.translation == stream.translation


def test_a_state_that_was_resumed_may_be_resumed_again(translator):
    stream = translator.stream("two hundred", "en", "de")
    next(stream)
    state = stream.state
    assert list(translator.resume(state)) == list(translator.resume(state)) == list(stream)


def test_a_sentence_that_comes_again_is_not_translated_again(translator):
    items = list(translator.stream("seventy one.\nseventy one.\n", "en", "de"))
    first = items.index("\n")
    assert "".join(items[:first]) == items[first + 1]
    assert items[first + 2 :] == ["\n"]


class CountingEngine:
    """Counts the steps of an engine."""

    def __init__(self, engine):
        self.engine, self.max_source_pieces = engine, engine.max_source_pieces
        self.best_batch, self.calls_at_once, self.is_steerable = engine.best_batch, engine.calls_at_once, True
        self.search, self.begin = engine.search, engine.begin
        self.steps = 0

    def awake(self, decoder):
        self.steps += 1
        return self.engine.awake(decoder)


def test_nothing_is_computed_before_it_is_wanted_and_when_nothing_more_is():
    engine = CountingEngine(tiny.translator()._engine)
    stream = Translator(tiny.bundle(), engine=engine).stream("seventy. two.", "en", "de")
    assert engine.steps == 0
    for steps in range(1, 4):
        next(stream)
        assert engine.steps == steps
    with pytest.raises(AssertionError, match="has not ended"):
        assert stream.translation


def test_when_time_is_up_a_stream_ends_and_says_so():
    answers = iter([0.0, *[1.0] * 4, *[5.0] * 99])
    translator = Translator(tiny.bundle(), engine=tiny.translator()._engine, clock=lambda: next(answers))
    stream = translator.stream("seventy seven.\ntwo.", "en", "de", deadline=3, search=SearchOptions(1, max_pieces=50))
    items = list(stream)
    whole = "".join(tiny.translator().stream("seventy seven.", "en", "de", search=SearchOptions(1, max_pieces=50)))
    assert items[-2:] == ["\n", ""]
    assert whole.startswith("".join(items[:-2]))
    assert len(items) <= 6
    assert stream.translation.warnings == ("deadline",)


def test_a_stream_that_goes_on_may_have_another_deadline():
    answers = iter([0.0, *[5.0] * 99])
    late = Translator(tiny.bundle(), engine=tiny.translator()._engine, clock=lambda: next(answers))
    stream = late.resume(tiny.translator().stream("two.", "en", "de").state, deadline=1)
    assert (list(stream), stream.translation.warnings) == ([""], ("deadline",))


@pytest.mark.parametrize(
    ("options", "error", "complaint"),
    [
        ({"target": "zz"}, UnsupportedLanguage, "does not translate from 'en' to 'zz'"),
        ({"text": "\ud800"}, InvalidText, r"unpaired surrogate U\+D800"),
        ({"deadline": 0}, InvalidOption, "more than 0 seconds"),
        ({"text": "one. two.", "prefix": "eins"}, InvalidOption, "A prefix goes with one text of one sentence"),
    ],
)
def test_what_cannot_be_streamed_is_refused_at_once(options, error, complaint):
    with pytest.raises(error, match=complaint):
        tiny.translator().stream(**{"text": "one", "source": "en", "target": "de", **options})


def test_a_prefix_longer_than_a_translation_may_be_is_refused_with_the_first_piece():
    stream = tiny.translator().stream("one", "en", "de", prefix="neun " * 50)
    with pytest.raises(InvalidOption, match="The prefix has"):
        next(stream)


def test_an_engine_that_takes_no_steps_has_no_streams():
    with pytest.raises(AssertionError, match="RepeatingEngine"):
        repeater().stream("one", "en", "de")


class Dictation:
    """Stands for a PieceStream that says these pieces."""

    def __init__(self, ids):
        self.coming = [*ids, EOS]

    @property
    def has_ended(self):
        return not self.coming

    def step(self, _, __):
        return [piece for piece in [self.coming.pop(0)] if piece != EOS]


BYTES = st.sampled_from("äé你😀\u0301\u200b\n").flatmap(lambda one: st.lists(st.sampled_from(one.encode()), max_size=4))
IDS = st.lists(
    st.one_of(
        st.integers(0, tiny.VOCABULARY - 1).filter(lambda piece: piece != EOS).map(lambda piece: [piece]),
        st.text(max_size=3).map(lambda text: [6 + byte for byte in text.encode()]),
        BYTES.map(lambda row: [6 + byte for byte in row]),
    ),
    max_size=10,
).map(lambda rows: [piece for row in rows for piece in row])


@given(st.sampled_from(["unigram", "bpe"]), IDS)
def test_whatever_pieces_come_what_is_given_out_is_in_the_end_the_text_of_all(kind, ids):
    tokenizer = tiny.tokenizer(kind)
    ids = [piece for piece in ids if piece < tokenizer.size]
    part, text = GrowingPart(Dictation(ids)), ""
    while not part.has_ended:
        text += part.step(None, tokenizer, None)
    assert text == normalize(tokenizer.decode([ids])[0])
