"""How all tests run."""

from hypothesis import settings

# The same examples in every run, and none refused for being slow on a busy machine.
settings.register_profile("dragoman", deadline=None, derandomize=True)
settings.load_profile("dragoman")
