"""What a visitor of the page may come to see, scene by scene."""

from typing import Any

TEXT = "The old man gave his daughter a beautiful book.\nIt cost 12,500.00 dollars at https://shop.example.org 😀."
WORD = "schönes"


def empty(page: Any) -> None:
    page.get_by_text("characters").wait_for()


def translated(page: Any, text: str = TEXT) -> None:
    page.locator("#text").fill(text)
    page.locator("#alternatives").wait_for()


def pointed_at(page: Any) -> None:
    page.locator("#translation .word", has_text=WORD).hover()
    page.locator("#backdrop .lit").first.wait_for()


def explained(page: Any) -> None:
    page.get_by_text("Why these words?").click()
    page.locator("#heatmap svg").wait_for()


def looked_into(page: Any) -> None:
    page.get_by_text("What happened in the network?").click()
    page.locator("#curves > *").first.wait_for()


def reworded(page: Any) -> None:
    page.locator("#translation .word", has_text=WORD).click()
    page.get_by_role("menuitem").first.wait_for()


def failed(page: Any) -> None:
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    page.locator("#text").fill("Guten Morgen, wie geht es Ihnen?")
    page.get_by_text("The server does not answer.").wait_for()


def locked(page: Any) -> None:
    page.evaluate("document.querySelector('#key-form').hidden = false")


SCENES = (empty, translated, pointed_at, explained, looked_into, reworded, failed, locked)
