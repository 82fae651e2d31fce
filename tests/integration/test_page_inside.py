"""What happened in the network, on the page in a real browser."""

import pytest

from tests.browser import find_browser, open_page
from tests.integration.test_service_server import Server
from tests.page.steps import wait_until_done, write

pytestmark = pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed, so no page can be tried")


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        yield server


def captions(page):
    return page.locator("#curves figcaption").all_text_contents()


def test_gates_and_cells_are_drawn_when_they_are_asked_for_with_the_keyboard_alone(page):
    write(page, "ab")
    wait_until_done(page, "AB")
    assert captions(page) == []
    page.get_by_text("What happened in the network?").focus()
    page.keyboard.press("Enter")
    page.locator("#curves svg").first.wait_for()
    gates = "input gate · forget gate · output gate"
    assert captions(page) == [
        "Each step: probability · attention entropy",
        f"Writing, layer 1: {gates}",
        "Writing, layer 1: cell norm",
        f"Reading forward, layer 1: {gates}",
        "Reading forward, layer 1: cell norm",
        f"Reading backward, layer 1: {gates}",
        "Reading backward, layer 1: cell norm",
    ]
    first = page.locator("#curves svg").first
    assert first.locator("text").all_text_contents()[-3:] == ["A", "B", "</s>"]
    assert first.locator("circle.first title").all_text_contents() == [
        f"{piece}: probability 0.607" for piece in ("A", "B", "</s>")
    ]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "curves"


def test_another_text_is_drawn_anew_and_none_is_not(page):
    write(page, "ab")
    wait_until_done(page, "AB")
    page.get_by_text("What happened in the network?").click()
    page.locator("#curves svg").first.wait_for()
    write(page, "xyz")
    page.locator("#curves svg").first.get_by_text("Z", exact=True).wait_for()
    write(page, "")
    page.locator("#inside").wait_for(state="hidden")
    assert captions(page) == []


def test_what_the_server_refuses_to_show_is_said_in_words(page):
    write(page, "a" * 2_001)
    wait_until_done(page, "A" * 2_001)
    page.get_by_text("What happened in the network?").click()
    page.locator("#curves").get_by_text("goes with at most 2,000 characters").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_scrolling_sideways_but_in_the_pictures(browser, server, scheme):
    with open_page(browser, f"{server.url}/#en/de/", color_scheme=scheme) as page:
        page.set_viewport_size({"width": 375, "height": 700})
        write(page, "abcdefghijklmnop")
        wait_until_done(page, "ABCDEFGHIJKLMNOP")
        page.get_by_text("What happened in the network?").click()
        page.locator("#curves svg").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 375
