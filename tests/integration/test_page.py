"""The page in a real browser, in front of a server with a fake translator that shouts."""

import re

import httpx
import pytest

from service.rates import read_rates
from tests.browser import find_browser, open_page
from tests.integration.test_service_server import Server, wait_until
from tests.page.steps import wait_for, wait_until_done, write
from tests.service_fakes import add_key

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed, so no page can be tried")

PHONE = {"width": 375, "height": 700}


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


def drop(page, name, content):
    """Drops a file of these bytes on the window."""
    page.evaluate(
        """([name, bytes]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
          window.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
        }""",
        [name, list(content)],
    )


def test_what_is_typed_is_translated_and_other_ways_to_say_it_are_offered(page):
    page.locator("#text").press_sequentially("Hello, how are you?")
    wait_until_done(page, "HELLO, HOW ARE YOU?")
    others = page.locator("#alternatives button")
    assert others.all_text_contents() == [f"HELLO, HOW ARE YOU? ({rank})" for rank in (2, 3, 4)]


def test_the_translation_is_shown_while_it_grows_and_given_up_when_more_is_typed(browser):
    with Server() as server, open_page(browser, server.url) as page:
        page.locator("#source-language").select_option("en")
        server.translator.gate.clear()
        write(page, "one")
        page.get_by_text("Translating …").wait_for()
        assert server.translator.began.acquire(timeout=10)
        write(page, "two")
        server.translator.gate.set()
        wait_until_done(page, "TWO")
        wait_until(lambda: server.app.state.service.streams.open == 0)
        assert "one" not in server.translator.finished


def test_the_language_is_detected_named_and_swapped_with_the_other(page):
    page.locator("#source-language").select_option("auto")
    write(page, "Good morning, how are you today?")
    wait_until_done(page, "GOOD MORNING, HOW ARE YOU TODAY?")
    assert page.locator("#source-language option:checked").text_content() == "English (auto)"
    page.get_by_role("button", name="Swap the languages").click()
    wait_until_done(page, "good morning, how are you today?")
    assert page.locator("#source-language").input_value() == "de"
    assert page.locator("#target-language").input_value() == "en"
    assert page.locator("#text").input_value() == "GOOD MORNING, HOW ARE YOU TODAY?"


def test_a_text_that_is_in_the_target_language_already_can_be_turned_round(page):
    page.locator("#source-language").select_option("auto")
    write(page, "Guten Morgen, wie geht es dir heute?")
    page.get_by_role("button", name="Translate into English").click()
    wait_until_done(page, "guten morgen, wie geht es dir heute?")


def test_only_languages_that_go_together_are_offered(page):
    page.locator("#source-language").select_option("de")
    assert page.locator("#target-language option").all_text_contents() == ["English", "Portuguese (br)"]
    page.locator("#source-language").select_option("en")
    assert page.locator("#target-language option").all_text_contents() == ["German", "Portuguese (br)"]


def test_a_third_language_in_between_is_named(browser, server):
    with open_page(browser, f"{server.url}/#de/pt-br/Hallo%20du") as page:
        page.get_by_text("Translated by way of English.").wait_for()
        assert page.locator("#translation .word").count() == 0


def test_a_dropped_file_keeps_its_lines(page):
    drop(page, "letter.txt", "\ufeffone\r\n\n  two ☺\n".encode())
    wait_until_done(page, "ONE\n\n  TWO ☺\n")
    drop(page, "letter.txt", "drei\n".encode("utf-16"))
    wait_until_done(page, "DREI\n")


def test_a_file_that_is_no_text_is_refused_by_its_name(page):
    drop(page, "picture.png", b"\x89PNG\r\n\x1a\n\xff")
    page.get_by_text("“picture.png” is no text in UTF-8 or UTF-16.").wait_for()


def test_a_file_can_be_chosen_too(page):
    page.locator("#file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"chosen"})
    wait_until_done(page, "CHOSEN")


def test_characters_are_counted_as_the_server_counts_them_and_too_many_are_not_sent(browser):
    with Server(max_characters=10) as server, open_page(browser, f"{server.url}/#en/de/") as page:
        write(page, "☺😀")
        page.get_by_text("8 characters left").wait_for()
        wait_until_done(page, "☺😀")
        write(page, "😀" * 12)
        page.get_by_text("2 characters too many").wait_for()
        wait_for(page, "")
        assert not page.locator("#fault").is_visible()


def test_warnings_are_explained(page):
    write(page, "CUT")
    page.get_by_text("length limit and was cut.").wait_for()


def test_a_link_carries_languages_and_text_and_sends_them_to_nobody(browser, server):
    with open_page(browser, f"{server.url}/#en/pt-br/a%20%26%20b") as page:
        wait_until_done(page, "A & B")
        assert page.locator("#target-language").input_value() == "pt-br"
        page.get_by_role("button", name="Copy link").click()
        page.locator("#activity").get_by_text("Link copied").wait_for()
        assert page.url == f"{server.url}/#en/pt-br/a%20%26%20b"
        write(page, "c")
        wait_until_done(page, "C")
        assert "#" not in page.url


def test_the_translation_can_be_copied_and_saved(browser, server):
    with open_page(browser, server.url, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.locator("#source-language").select_option("en")
        write(page, "one\ntwo")
        wait_until_done(page, "ONE\nTWO")
        page.get_by_role("button", name="Copy", exact=True).click()
        page.locator("#activity").get_by_text("Copied", exact=True).wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "ONE\nTWO"
        with page.expect_download() as saving:
            page.get_by_role("button", name="Save").click()
        assert saving.value.suggested_filename == "translation.de.txt"
        assert saving.value.path().read_text(encoding="utf-8") == "ONE\nTWO"


def test_where_all_streams_are_taken_the_translation_comes_as_a_whole(browser):
    with Server(max_streams=0) as server, open_page(browser, server.url) as page:
        write(page, "hello")
        wait_until_done(page, "HELLO")
        assert not page.locator("#fault").is_visible()


def test_a_client_that_asks_too_often_is_told_when_the_page_tries_again(browser):
    with Server(rate=read_rates("2 per 1 hour")) as server, open_page(browser, server.url) as page:
        write(page, "one")
        wait_until_done(page, "ONE")
        write(page, "two")
        fault = page.get_by_role("alert")
        fault.get_by_text(re.compile(r"The server has too much to do. Trying again in 3\d{3} s.")).wait_for()
        assert fault.get_by_role("button", name="Try now").is_visible()


def test_a_text_whose_body_is_too_long_is_told_so(browser):
    with Server(max_body_bytes=300) as server, open_page(browser, server.url) as page:
        write(page, "a" * 400)
        page.get_by_text("The text is too long for this server. Translate it in parts.").wait_for()


def test_a_server_that_has_gone_is_told_of_and_asked_again(browser, server):
    with open_page(browser, server.url) as page:
        page.context.set_offline(True)
        write(page, "hello")
        page.get_by_text("The server does not answer. Check the connection.").wait_for()
        page.context.set_offline(False)
        page.get_by_role("button", name="Try now").click()
        wait_until_done(page, "HELLO")
        assert not page.locator("#fault").is_visible()


def test_the_page_waits_for_a_translator_that_is_being_loaded(browser):
    with Server() as server:
        service = server.app.state.service
        service._stop = "The translator is being loaded."
        with open_page(browser, server.url) as page:
            page.get_by_text("The translator is not ready yet. Trying again in 1 s.").wait_for()
            write(page, "hello")
            service._stop = ""
            wait_until_done(page, "HELLO")


def test_a_key_is_asked_for_where_one_is_required_and_kept_in_the_tab(browser, tmp_path):
    key = add_key(tmp_path / "keys", "page")
    with Server(keys=tmp_path / "keys") as server, open_page(browser, server.url) as page:
        field = page.get_by_label("API key", exact=True)
        field.fill("wrong")
        field.press("Enter")
        write(page, "hello")
        page.get_by_text("The server refused: Invalid API key").wait_for()
        field.fill(key)
        field.press("Enter")
        wait_until_done(page, "HELLO")
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 1]
        assert server.translator.finished == ["hello"]  # a quota is spent once


def test_the_keyboard_is_enough(page):
    page.locator("#text").focus()
    page.keyboard.type("hello")
    wait_until_done(page, "HELLO")
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
    assert [name for name in reached if name][:9] == [
        "Open a file",
        "Clear",
        "HELLO",
        "Copy",
        "Copy link",
        "Save",
        "HELLO (2)",
        "HELLO (3)",
        "HELLO (4)",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_scrolling_sideways(browser, server, scheme):
    with open_page(browser, f"{server.url}/#en/de/", color_scheme=scheme) as page:
        page.set_viewport_size(PHONE)
        write(page, "Donaudampfschifffahrtsgesellschaftskapitän " * 5)
        wait_until_done(page, "DONAUDAMPFSCHIFFFAHRTSGESELLSCHAFTSKAPITÄN " * 5)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_the_first_paint_comes_at_once(browser, server):
    httpx.get(server.url)  # the server's own first time
    with open_page(browser, server.url) as page:
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert painted < 2_000  # 200 ms on a machine with nothing else to do
