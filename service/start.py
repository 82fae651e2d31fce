"""Where `mt-serve` begins: ready for a signal before the libraries are imported, which takes half a second."""

from service.signals import end_at_once


def main() -> int:
    """The exit status, as in service.cli."""
    end_at_once()
    from service import cli

    return cli.main()
