"""The browser of the page's tests, which is started only for them."""

import pytest

from tests.browser import open_page, running_browser


@pytest.fixture(scope="module")
def browser():
    with running_browser() as browser:
        yield browser


@pytest.fixture
def page(browser, server):
    with open_page(browser, f"{server.url}/#en/de/") as page:
        yield page
