"""What a test of the page does again and again."""

from typing import Any


def write(page: Any, text: str) -> None:
    page.locator("#text").fill(text)


def wait_for(page: Any, text: str) -> None:
    """Waits until this is the whole translation."""
    page.wait_for_function("text => document.querySelector('#translation').textContent === text", arg=text)


def wait_until_done(page: Any, text: str) -> None:
    """Waits until this is the translation of the beam, behind which come the others."""
    wait_for(page, text)
    page.locator("#alternatives").wait_for()


def words(page: Any, place: str = "#translation .word") -> list[str]:
    """The words of a pane that are lit."""
    lit: list[str] = page.locator(f"{place}.lit").all_text_contents()
    return lit
