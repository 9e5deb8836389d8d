"""Which hosts a download may reach: a name is looked up once, its addresses are checked, and connections go to just these.

Otherwise a server could send a download, by a redirect or by what its name resolves to, to places that only this machine
can reach.
"""

from __future__ import annotations

import socket
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from itertools import zip_longest
from ssl import SSLContext
from urllib.request import getproxies, proxy_bypass

import httpx2
from anyio.to_thread import run_sync

PUBLIC = "a public address"
_NAT64 = IPv6Network("64:ff9b::/96")
_CONNECT_SECONDS = 10.0
_MAX_PORT = 65_535
_MAX_TRIED = 4  # addresses of one host
_FAMILIES = (socket.AF_INET6, socket.AF_INET)
_NO_KEEPALIVE = httpx2.Limits(max_keepalive_connections=0)  # no request uses a connection that was checked for another


class Refused(Exception):
    """A download would reach something that it may not."""


def zone_of(address: str) -> str:
    """Return where an IP address lies, in words: `PUBLIC` if anybody can reach it."""
    host = _embedded(ip_address(address))
    if host.is_loopback or host.is_unspecified:
        return "this machine itself"
    if host.is_link_local:
        return "a link-local address"
    return PUBLIC if host.is_global and not host.is_multicast else "a private or reserved address"


def _embedded(host: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, NAT64), or else the address itself."""
    if isinstance(host, IPv4Address):
        return host
    nat64 = IPv4Address(int(host) & 0xFFFFFFFF) if host in _NAT64 else None
    return host.ipv4_mapped or host.sixtofour or nat64 or host


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Sends the requests of one download, each over a new connection to an address that was checked.

    The first host may lie anywhere, unless it must be public (`public_only`). Each further one, which the host before it named,
    must be public or lie where that one does. `unchecked` allows everything. Proxies that the environment names are used: they
    look up names themselves, so that only hosts given as numbers can be checked.

    Raises `Refused`, and the errors of `httpx2`.
    """

    def __init__(self, *, public_only: bool, unchecked: bool) -> None:
        self._zone = PUBLIC if public_only else None
        self._unchecked = unchecked
        self._transports: list[httpx2.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and return the answer without its body."""
        if (request.url.port or 0) > _MAX_PORT:
            raise httpx2.InvalidURL(f"{request.url.port} is not a port")
        host, proxy = request.url.raw_host.decode("ascii"), _proxy_for(request.url)
        if proxy is not None:
            known = self._allowed(host, _known_address(host))
            self._zone = zone_of(known[0]) if known else PUBLIC
            return await self._transport(proxy).handle_async_request(request)
        addresses = self._allowed(host, await _look_up(host))[:_MAX_TRIED]
        transport, seconds = self._transport(), _CONNECT_SECONDS / max(1, len(addresses))
        failure: httpx2.TransportError = httpx2.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                response = await transport.handle_async_request(_addressed(request, host, address, seconds))
            except httpx2.ConnectTimeout:
                failure = httpx2.ConnectTimeout(f"no connection within {_CONNECT_SECONDS:g} seconds")
            except httpx2.ConnectError as error:
                failure = error
            else:
                self._zone = zone_of(address)
                return response
        raise failure

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._transports:
            await transport.aclose()

    def _transport(self, proxy: str | None = None) -> httpx2.AsyncHTTPTransport:
        self._transports.append(httpx2.AsyncHTTPTransport(verify=_tls(), limits=_NO_KEEPALIVE, proxy=proxy))
        return self._transports[-1]

    def _allowed(self, host: str, addresses: list[str]) -> list[str]:
        """Those of the addresses of a host that may be connected to."""
        if self._unchecked or self._zone is None:
            return addresses
        allowed = [address for address in addresses if zone_of(address) in (PUBLIC, self._zone)]
        if addresses and not allowed:
            name = host if host == addresses[0] else f"{host} ({addresses[0]})"
            raise Refused(f"it leads to {name}, {zone_of(addresses[0])}: add --allow-private if you mean it")
        return allowed


def _addressed(request: httpx2.Request, host: str, address: str, seconds: float) -> httpx2.Request:
    """The request, addressed to an IP address; its certificate must still be that of `host`."""
    extensions = {**request.extensions, "sni_hostname": host, "timeout": {"connect": seconds}}
    url = request.url.copy_with(host=address)
    return httpx2.Request(request.method, url, headers=request.headers, extensions=extensions)


async def _look_up(host: str) -> list[str]:
    """The IP addresses of a host, in the order in which to try them: of both families in turn, in case one of them hangs."""
    look_up = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
    try:
        found = await run_sync(look_up, abandon_on_cancel=True)  # a look-up cannot be stopped, but left behind
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be encoded
        raise httpx2.ConnectError(f"{host} is not known") from error
    addresses = {family: [str(entry[4][0]) for entry in found if entry[0] == family] for family in _FAMILIES}
    return [address for pair in zip_longest(*addresses.values()) for address in pair if address]


def _known_address(host: str) -> list[str]:
    """The address of a host that needs no look-up: a number in any notation, or this machine."""
    if f".{host.rstrip('.')}".endswith(".localhost"):
        return ["127.0.0.1"]
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)]
    except (OSError, ValueError):
        return []


def _proxy_for(url: httpx2.URL) -> str | None:
    """The proxy that the environment names for a scheme, unless it exempts the host."""
    proxy = getproxies().get(url.scheme)
    if not proxy or proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


@lru_cache(maxsize=1)  # loading the certificates takes a while
def _tls() -> SSLContext:
    return httpx2.create_ssl_context()
