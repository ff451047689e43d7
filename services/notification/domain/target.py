"""Where a webhook may go: which URLs, and which addresses (domain.md 7)."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from services.notification.domain.refusals import TargetRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 inside IPv6, RFC 6052: its last four bytes are where it really goes."""


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """What the deployment allows: ``http://``, and networks that are not public."""

    allow_http: bool = False
    networks: tuple[Network, ...] = ()

    def check(self, url: str) -> None:
        """The URL may be registered. A name is looked up only when it is connected to.

        :raises TargetRefused: saying why, and the way out.
        """
        parts = _parts(url)
        for wrong, why, way_out in RULES:
            if wrong(parts):
                raise TargetRefused(url=bare(url), why=why, way_out=way_out)
        if parts.scheme == "http" and not self.allow_http:
            raise TargetRefused(
                url=bare(url), why="it is not https", way_out="Use https, or set ASBUILT_WEBHOOK_ALLOW_HTTP."
            )
        address = _literal(parts.hostname or "")
        if address is not None and not self.reaches(address):
            way_out = "Use a public address, or list its network in ASBUILT_WEBHOOK_ALLOWED_NETWORKS."
            raise TargetRefused(url=bare(url), why=f"{address} is not a public address", way_out=way_out)

    def reaches(self, address: Address) -> bool:
        """Whether an address that a name was resolved to may be connected to."""
        real = _real(address)
        return (real.is_global and not real.is_multicast) or any(real in one for one in self.networks)


def _has_bad_port(parts: SplitResult) -> bool:
    try:
        return parts.port == 0
    except ValueError:
        return True


Wrong = Callable[[SplitResult], bool]

RULES: tuple[tuple[Wrong, str, str], ...] = (
    (lambda parts: parts.scheme not in {"http", "https"}, "it is no http or https URL", "Use an https URL."),
    (lambda parts: not parts.hostname, "it names no host", "Name a host."),
    (lambda parts: "@" in parts.netloc, "it holds credentials", "Leave them out; deliveries are signed instead."),
    (lambda parts: bool(parts.fragment), "it has a fragment", "Leave out what comes after #."),
    (_has_bad_port, "its port is none", "Use a port from 1 to 65535."),
)


def _parts(url: str) -> SplitResult:
    if not url.isprintable() or any(character in url for character in " \\"):
        raise TargetRefused(
            url=repr(bare(url))[:200], why="it holds a character that no URL has", way_out="Correct the URL."
        )
    try:
        return urlsplit(url)
    except ValueError:
        raise TargetRefused(url=bare(url), why="it is no URL", way_out="Correct the URL.") from None


def bare(url: str) -> str:
    """A URL as everybody may see it, in facts, answers, refusals and errors: without name, password, query and
    fragment, which may be secrets. Only who delivers to it has all of it.
    """
    before = url.split("#", 1)[0].split("?", 1)[0]
    scheme, mark, rest = before.rpartition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _real(address: Address) -> Address:
    """Where an address leads: an IPv4 address may be wrapped in an IPv6 one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address
