"""`python -m joeynmt` of JoeyNMT 2.3, with what it needs for today's PyTorch: a scheduler that is told `verbose`."""

from typing import Any

from joeynmt import builders
from joeynmt.__main__ import main
from torch.optim.lr_scheduler import ReduceLROnPlateau


class Plateau(ReduceLROnPlateau):
    """PyTorch's, without the argument that it dropped in 2.7; it only said whether to print."""

    def __init__(self, *arguments: Any, verbose: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)


if __name__ == "__main__":
    builders.ReduceLROnPlateau = Plateau
    main()
