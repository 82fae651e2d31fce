import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.addresses import client_address, read_networks

TRUSTED = read_networks("10.0.0.0/8, 127.0.0.1, ::1, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),  # a stranger's word counts for nothing
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),  # what is left of it may be made up
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["1.1.1.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1,"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("fd00::1%eth0", ["[2001:db8:1:2:3:4:5:6]:443"], "2001:db8:1:2::/64"),
        ("2001:db8::1", [], "2001:db8::/64"),
        ("testclient", ["198.51.100.1"], "testclient"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_client_is_whom_the_last_trusted_proxy_was_called_by(peer, forwarded, address):
    assert client_address(peer, forwarded, TRUSTED) == address


@given(made_up=st.lists(st.text() | st.ip_addresses().map(str)))
def test_a_client_cannot_make_up_its_address(made_up):
    assert client_address("203.0.113.5", made_up, TRUSTED) == "203.0.113.5"
    assert client_address("10.0.0.1", [*made_up, "203.0.113.5"], TRUSTED) == "203.0.113.5"


def test_without_trusted_proxies_nobody_is_believed():
    assert client_address("127.0.0.1", ["198.51.100.1"], read_networks(" , ")) == "127.0.0.1"


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.1-10.0.0.9"])
def test_networks_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match=r"it must be addresses and networks like '127\.0\.0\.1, 10\.0\.0\.0/8': "):
        read_networks(text)
