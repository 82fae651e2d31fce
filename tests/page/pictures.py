"""Takes the README's pictures of the page: python -m tests.page.pictures FOLDER"""

import sys
from pathlib import Path

from tests.browser import open_page, running_browser
from tests.page import scenes
from tests.served import served

WIDTH = 900


def main(folder: str) -> None:
    """Nothing; two pictures are in the folder."""
    with served() as server, running_browser() as browser:
        with open_page(browser, server.url, color_scheme="light") as page:
            page.set_viewport_size({"width": WIDTH, "height": 520})
            scenes.translated(page)
            scenes.reworded(page)
            page.screenshot(path=Path(folder) / "page-light.png")
        with open_page(browser, server.url, color_scheme="dark") as page:
            page.set_viewport_size({"width": WIDTH, "height": 520})
            scenes.translated(page, scenes.TEXT.splitlines()[0])
            scenes.explained(page)
            scenes.pointed_at(page)
            page.screenshot(path=Path(folder) / "page-dark.png", full_page=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
