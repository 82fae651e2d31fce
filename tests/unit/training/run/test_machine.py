"""What a run says of the machine that it runs on."""

import os

from training.run.machine import hardware, peak_memory_bytes


def test_the_hardware_is_the_processors_name_and_its_cores(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Abacus 3\nmodel name\t: Abacus 3\n", "utf-8")
    assert hardware(tmp_path / "cpuinfo") == f"Abacus 3, {os.cpu_count()} cores"


def test_without_a_name_the_kind_of_processor_stands_for_it(tmp_path):
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n", "utf-8")
    assert hardware(tmp_path / "cpuinfo") == hardware(tmp_path / "none")
    assert hardware(tmp_path / "none").endswith(f", {os.cpu_count()} cores")


def test_the_peak_memory_never_falls():
    before = peak_memory_bytes()
    block = bytearray(64_000_000)
    block[::4096] = b"x" * len(block[::4096])  # touches every page
    del block
    assert peak_memory_bytes() >= before > 10_000_000
