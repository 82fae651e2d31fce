"""Looks for faults of accessibility with axe-core in each scene of the page: python -m tests.page.check AXE

Each is looked at in light and dark, on a desk and a phone. AXE is the path of axe.min.js. The exit status is 1 when
anything serious is found.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.browser import find_browser, open_page, running_browser
from tests.page.scenes import SCENES
from tests.served import served

SIZES = {"desk": {"width": 1200, "height": 800}, "phone": {"width": 375, "height": 700}}
SERIOUS = ("serious", "critical")


def findings(browser: Any, url: str, axe: str, scheme: str, size: str) -> Iterator[str]:
    """One line for each place where a rule is broken, with its impact in front."""
    with open_page(browser, url, color_scheme=scheme) as page:
        page.set_viewport_size(SIZES[size])
        page.evaluate(axe)
        for scene in SCENES:
            scene(page)
            for rule in page.evaluate("axe.run()")["violations"]:
                for node in rule["nodes"]:
                    where = f"{scene.__name__}, {scheme}, {size}: {' '.join(map(str, node['target']))}"
                    yield f"{rule['impact']}: {rule['help']} ({where})"


def main(path: str) -> int:
    """The exit status, after all has been told."""
    if find_browser() is None:
        print("No Chromium is installed; there is nothing to look at the page with.", file=sys.stderr)
        return 2
    axe = Path(path).read_text(encoding="utf-8")
    with served() as server, running_browser() as browser:
        looks = [(scheme, size) for scheme in ("light", "dark") for size in SIZES]
        found = [line for look in looks for line in findings(browser, server.url, axe, *look)]
    print(
        "\n".join(found) or f"axe-core found nothing in {len(SCENES)} scenes, in light and dark, on a desk and a phone."
    )
    return int(any(line.startswith(SERIOUS) for line in found))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
