"""Where a webhook may go."""

from ipaddress import ip_address, ip_network

import pytest

from services.notification.domain.refusals import TargetRefused
from services.notification.domain.target import TargetPolicy

STRICT = TargetPolicy()
OPEN = TargetPolicy(allow_http=True, networks=(ip_network("10.1.0.0/16"), ip_network("fd00::/8")))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://erp.example.com/", "it is not https"),
        ("ftp://erp.example.com/", "it is no http or https URL"),
        ("erp.example.com/hooks", "it is no http or https URL"),
        ("https:///hooks", "it names no host"),
        ("https://user:word@erp.example.com/", "it holds credentials"),
        ("http://erp.example.com/?key=word", "it is not https"),
        ("https://user:word@erp.example.com:x/?key=word", "it holds credentials"),
        ("https://erp.example.com/ ?key=word", "it holds a character that no URL has"),
        ("https://[erp.example.com/?key=word", "it is no URL"),
        ("https://10.0.0.1/?key=word", "10.0.0.1 is not a public address"),
        ("https://erp.example.com/#part", "it has a fragment"),
        ("https://erp.example.com:99999/", "its port is none"),
        ("https://erp.example.com/ hooks", "it holds a character that no URL has"),
        ("https://erp.example.com\\@evil.example/", "it holds a character that no URL has"),
        ("https://127.0.0.1/", "127.0.0.1 is not a public address"),
        ("https://169.254.169.254/latest", "169.254.169.254 is not a public address"),
        ("https://[::1]/", "::1 is not a public address"),
        ("https://[::ffff:10.0.0.1]/", "::ffff:a00:1 is not a public address"),
    ],
)
def test_a_target_that_is_refused_says_why(url: str, why: str) -> None:
    """And what to do instead; credentials and queries are never repeated."""
    with pytest.raises(TargetRefused) as refused:
        STRICT.check(url)
    assert why in refused.value.obstacle
    assert refused.value.resolution
    assert "word" not in refused.value.obstacle


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
    ],
)
def test_addresses_that_are_not_public_are_never_reached(address: str) -> None:
    """However they are wrapped."""
    assert not STRICT.reaches(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_reached(address: str) -> None:
    """As they are, or through NAT64."""
    assert STRICT.reaches(ip_address(address))


def test_listed_networks_are_reached_and_no_others() -> None:
    """The plant's own ERP is in a private network."""
    OPEN.check("http://10.1.2.3:8080/hooks")
    assert OPEN.reaches(ip_address("fd00::1"))
    assert not OPEN.reaches(ip_address("10.2.0.1"))
    assert not OPEN.reaches(ip_address("127.0.0.1"))
