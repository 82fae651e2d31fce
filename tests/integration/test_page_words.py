"""The page in a real browser, word by word."""

import pytest

from mt import Translator, load_bundle, shipped_bundle
from tests.browser import find_browser, open_page
from tests.integration.test_service_server import Server
from tests.page.steps import wait_for, wait_until_done, words, write

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed, so no page can be tried")


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def real_server():
    with Server(translator=Translator(load_bundle(shipped_bundle()))) as server:
        yield server


def test_another_way_to_say_it_takes_the_place_of_the_first_and_back(browser, real_server):
    with open_page(browser, f"{real_server.url}/#en/de/Where%20is%20the%20station%3F") as page:
        wait_until_done(page, "Wo ist der Bahnhof?")
        others = page.locator("#alternatives button")
        text = others.first.text_content()
        others.first.click()
        wait_for(page, text)
        page.locator("#translation .word").first.hover()
        assert words(page, "#backdrop mark") == ["Where"]
        others.first.click()
        wait_for(page, "Wo ist der Bahnhof?")


def test_pointing_at_a_word_lights_those_that_it_comes_from_and_the_reverse(page):
    write(page, "one ☺😀 three\nfour")
    wait_until_done(page, "ONE ☺😀 THREE\nFOUR")
    page.locator("#translation .word", has_text="☺😀").hover()
    assert words(page, "#backdrop mark") == ["☺😀"]
    page.locator("#translation .word", has_text="FOUR").hover()
    assert words(page, "#backdrop mark") == ["four"]
    box = page.locator("#backdrop mark", has_text="three").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    assert (words(page), words(page, "#backdrop mark")) == (["THREE"], ["three"])
    page.mouse.move(5, 5)
    assert (words(page), words(page, "#backdrop mark")) == ([], [])


def test_words_that_nothing_comes_from_are_marked_and_named(page):
    write(page, "one lost three")
    page.get_by_text("Probably not translated: “lost”.").wait_for()
    assert page.locator("#backdrop .missed").all_text_contents() == ["lost"]


def test_words_that_may_be_wrong_are_underlined_and_told_to_screen_readers(page):
    write(page, "one unsure kept")
    page.locator("#translation .unsure").wait_for()
    marked = page.locator("#translation .unsure")
    assert marked.all_text_contents() == ["UNSURE"]
    assert marked.evaluate("one => getComputedStyle(one).textDecorationLine") == "underline"
    note = page.locator(f"#{marked.get_attribute('aria-describedby')}")
    assert note.text_content() == "The model is unsure of this word."


def test_the_confidence_stands_below_the_translation_and_that_of_a_sentence_where_it_is_pointed_at(
    page, browser, real_server
):
    write(page, "one two")
    page.get_by_text("Confidence: 71 %").wait_for()
    with open_page(browser, f"{real_server.url}/#en/de/Where%20is%20Tom%3F%0AThe%20cat%20is%20black.") as other:
        other.locator("#translation .word").first.wait_for()
        whole = other.locator("#confidence").text_content()
        other.locator("#translation .word").first.hover()
        assert whole.startswith("Confidence: ")
        assert other.locator("#confidence").text_content().startswith("Confidence of this sentence: ")
        other.mouse.move(5, 5)
        assert other.locator("#confidence").text_content() == whole


def test_words_are_reached_lit_and_reworded_with_the_keyboard_alone(browser, real_server):
    with open_page(browser, f"{real_server.url}/#en/de/Where%20is%20the%20station%3F") as page:
        wait_until_done(page, "Wo ist der Bahnhof?")
        page.locator("#text").focus()
        page.keyboard.press("Home")
        page.locator("#translation .lit", has_text="Wo").wait_for()
        page.locator("#translation .word").first.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        assert words(page, "#backdrop mark") == ["station"]
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name="befindet sich der Bahnhof?").wait_for()
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.textContent") == "ist"
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name="befindet sich der Bahnhof?").wait_for()
        for _ in range(12):
            if page.evaluate("document.activeElement.textContent").startswith("befindet"):
                break
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        wait_for(page, "Wo befindet sich der Bahnhof?")
        page.wait_for_function("document.activeElement.textContent === 'befindet'")
        assert words(page, "#backdrop mark") != []


def test_a_word_is_chosen_in_the_middle_of_a_text_and_the_rest_stays(browser, real_server):
    with open_page(
        browser, f"{real_server.url}/#en/de/I%20am%20here.%0AWhere%20is%20the%20station%3F%20Thanks%21"
    ) as page:
        page.locator("#alternatives").wait_for()
        first, second = page.locator("#translation").text_content().split("\n")
        assert second.startswith("Wo ist der Bahnhof? ")
        page.locator("#translation .word", has_text="ist").last.click()
        page.get_by_role("menuitem", name="befindet sich der Bahnhof?").click()
        wait_for(page, f"{first}\n{second.replace('ist der', 'befindet sich der')}")
        page.locator("#translation .word", has_text="Bahnhof").hover()
        assert words(page, "#backdrop mark") == ["station"]
        page.locator("#alternatives button").first.click()
        wait_for(page, f"{first}\n{second}")


def test_no_other_word_is_offered_that_would_lose_what_must_not_change(browser, real_server):
    with open_page(browser, f"{real_server.url}/#en/de/It%20cost%2012%2C500.00%20dollars.") as page:
        page.locator("#translation .word").first.wait_for()
        for number in range(page.locator("#translation .word").count()):
            page.locator("#translation .word").nth(number).click()
            page.get_by_role("menuitem").first.wait_for()
            for text in page.get_by_role("menuitem").all_text_contents():
                before = page.locator("#translation").text_content()
                assert "knows no other" in text or "12,500.00" in text or "12,500.00" in before
            page.keyboard.press("Escape")


def test_what_must_not_change_is_marked(browser, real_server):
    with open_page(browser, f"{real_server.url}/#en/de/It%20costs%2012%2C500.00%20dollars.%20%F0%9F%98%80") as page:
        page.locator("#backdrop .protected").first.wait_for()
        assert page.locator("#backdrop .protected").all_text_contents() == ["12,500.00", "😀"]


def test_attention_is_drawn_with_the_words_at_its_edges(page):
    write(page, "one two")
    wait_until_done(page, "ONE TWO")
    page.get_by_text("Why these words?").click()
    page.locator("#heatmap text").first.wait_for()
    assert page.locator("#heatmap text").all_text_contents() == ["one", "two", "ONE", "TWO"]
    assert page.locator("#heatmap title").all_text_contents()[1:] == [
        "ONE ← one: 100 %",
        "ONE ← two: 0 %",
        "TWO ← one: 0 %",
        "TWO ← two: 100 %",
    ]


def test_other_words_that_cannot_be_had_are_told_of_and_not_asked_for_again(browser, server):
    with open_page(browser, f"{server.url}/#en/de/hello") as page:
        wait_until_done(page, "HELLO")
        page.context.set_offline(True)
        page.locator("#translation .word").click()
        page.get_by_role("alert").get_by_text("The server does not answer.").wait_for()
        assert "Trying again" not in page.get_by_role("alert").text_content()
        assert not page.get_by_role("menu").is_visible()
