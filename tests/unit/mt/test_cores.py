import os

from mt.cores import usable_cores


def test_there_is_a_core_to_use():
    assert 1 <= usable_cores() <= os.cpu_count()
