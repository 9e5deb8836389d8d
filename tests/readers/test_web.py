"""Downloads: whole or not at all, in time, no larger than allowed, and from where they may come."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from dedupe import InputError, read_headlines
from dedupe.readers import hosts
from dedupe.readers.visits import Unreachable
from dedupe.readers.web import Download, download, downloads
from tests.support.command_line import ROOT
from tests.support.headline_files import titles
from tests.support.web_servers import redirect, response, serving

BODY = b"Ferry sinks off Oslo\nCentral bank raises rates\n"
PATIENCE = 20  # seconds after which a test of time-outs has failed


def get(address: str, timeout: float = PATIENCE, **options: object) -> Download:
    return download(address, timeout=timeout, **{"allow_private": False, **options})


def forever(connection: socket.socket, piece: bytes, pause: float = 0) -> None:
    """Send a piece again and again, until the client leaves."""
    while True:
        connection.sendall(piece)
        time.sleep(pause)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[str]]]:
    """The addresses that names resolve to; 127.0.0.2 counts as public."""
    known: dict[str, list[str]] = {}
    real, zone_of = socket.getaddrinfo, hosts.zone_of

    def look_up(host: str | bytes, *arguments: object, **options: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in known:
            return real(host, *arguments, **options)
        return [entry for address in known[name] for entry in real(address, *arguments, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(hosts, "zone_of", lambda address: hosts.PUBLIC if address == "127.0.0.2" else zone_of(address))
    yield known


@pytest.fixture
def public(names: dict[str, list[str]]) -> Iterator[Callable[[bytes], str]]:
    """Starts servers that count as public, each with one answer."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(serving(answer, "127.0.0.2"))


# What comes back


def test_content_and_the_encoding_that_the_server_declares() -> None:
    with serving(response(BODY, headers={"Content-Type": "text/plain; charset=ISO-8859-2"})) as address:
        assert get(address) == Download(BODY, "iso-8859-2")
    with serving(response(gzip.compress(BODY), headers={"Content-Encoding": "gzip"})) as address:
        assert titles(read_headlines(address)) == BODY.decode().splitlines()
        assert get(address).charset is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response(BODY, length=len(BODY) + 1), f"received {len(BODY)} bytes, expected {len(BODY) + 1}"),
        (response(BODY)[:-1], "peer closed connection"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nFerry\r\n", "incomplete chunked read"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nFerry\r\n", "illegal chunk header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5", "peer closed connection|disconnected"),
        (b"220 mail.example ESMTP \x1b[2J\r\n\r\n", "illegal status line"),
        (b"", "disconnected"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 200_000, "too long|too large"),
        (response(status="404 Not here"), "HTTP 404 Not here"),
        (response(status="304 Not Modified"), "HTTP 304"),
        (response(b"\x0b\x02", headers={"Content-Encoding": "br"}), "'br', which was not asked for"),
    ],
)
def test_a_bad_answer_is_an_error_of_one_line(answer: bytes, reason: str) -> None:
    with (
        serving(answer) as address,
        pytest.raises(InputError, match=rf"(?s)cannot be fetched \(.*({reason})") as caught,
    ):
        get(address)
    message = str(caught.value)
    assert message.startswith(address) and message.isprintable() and len(message) < 400


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "http://[::1",
        "http://a b/",
        "http://127.0.0.1:99999/",
        "http://x:port/",
        f"http://{'a' * 70}.example/",
    ],
)
def test_a_bad_address_is_an_error(address: str) -> None:
    with pytest.raises(InputError, match="cannot be fetched"):
        get(address)


def test_a_port_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(InputError, match="refused"):
        get(f"http://127.0.0.1:{port}/")


def test_whatever_a_server_sends_is_content_or_an_error() -> None:
    generator = random.Random(0)
    valid = [
        response(BODY),
        redirect("/next"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    ]
    outcomes = set()
    for _ in range(100):
        answer = bytearray(generator.choice(valid))
        for _ in range(generator.randint(1, 4)):
            place = generator.randrange(len(answer))
            answer[place : place + generator.randint(0, 3)] = generator.randbytes(generator.randint(0, 3))
        with serving(bytes(answer)) as address:
            (outcome,) = (result for _, result in downloads([address], timeout=PATIENCE, allow_private=True))
        outcomes.add(type(outcome))
    assert outcomes == {Download, Unreachable}


# Limits


@pytest.mark.parametrize(
    "answer",
    [
        lambda connection, _: threading.Event().wait(PATIENCE),
        lambda connection, _: forever(connection, b"H", 0.1),
        lambda connection, _: (connection.sendall(response(length=10**6)), forever(connection, b"x", 0.1)),
        lambda connection, _: forever(connection, b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),
    ],
    ids=["silence", "head", "body", "informational"],
)
def test_a_slow_answer_is_given_up(answer: Callable[[socket.socket, str], None]) -> None:
    start = time.monotonic()
    with serving(answer) as address, pytest.raises(InputError, match=r"within 0\.5 seconds: .*--timeout"):
        get(address, timeout=0.5)
    assert time.monotonic() - start < PATIENCE / 2


def test_a_name_that_takes_long_to_look_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(PATIENCE) and [])
    with pytest.raises(InputError, match=r"within 0\.5 seconds"):
        get("http://slow.example/", timeout=0.5)
    assert not answered.is_set()
    answered.set()


def test_an_answer_that_is_too_large_is_refused() -> None:
    with serving(response(BODY, length=10**12)) as address, pytest.raises(InputError, match="larger than 200 MB"):
        get(address)
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    endless = serving(lambda connection, _: (connection.sendall(head), forever(connection, b"x" * 9999)))
    with endless as address, pytest.raises(InputError, match="larger than 1 MB"):
        get(address, size=10**6)
    with serving(response(BODY)) as address:
        assert get(address, size=len(BODY)).content == BODY
        with pytest.raises(InputError, match="larger than"):
            get(address, size=len(BODY) - 1)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_time_limit_that_is_none_is_refused(timeout: float) -> None:
    with pytest.raises(InputError, match="timeout must be a positive number"):
        read_headlines("http://127.0.0.1:9/", timeout=timeout)


def test_several_are_fetched_at_a_time_and_few_at_once() -> None:
    together, lock, running, most = threading.Barrier(8), threading.Lock(), [0], [0]

    def answer(connection: socket.socket, path: str) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        together.wait(PATIENCE)
        with lock:
            running[0] -= 1
        connection.sendall(response(path.encode()))

    with serving(answer) as address:
        pages = [f"{address}/{k}" for k in range(24)]
        got = dict(downloads(pages, timeout=PATIENCE, allow_private=True))
    assert [got[k].content for k in range(24)] == [b"/%d" % k for k in range(24)]
    assert most == [8]


def test_it_works_while_an_event_loop_runs() -> None:
    async def read() -> list[str]:
        return titles(read_headlines(address))

    with serving(response(BODY)) as address:
        assert asyncio.run(read()) == BODY.decode().splitlines()


# Redirects and the hosts they may lead to


def test_redirects_are_followed_a_few_times() -> None:
    def answer(connection: socket.socket, path: str) -> None:
        left = int(path.strip("/") or 0)
        connection.sendall(redirect(f"/{left - 1}") if left else response(BODY))

    with serving(answer) as address:
        assert get(f"{address}/10").content == BODY
        with pytest.raises(InputError, match="redirects more than 10 times"):
            get(f"{address}/11")


def test_the_body_of_a_redirect_is_not_read() -> None:
    def answer(connection: socket.socket, path: str) -> None:
        if path == "/end":
            connection.sendall(response(BODY))
        else:
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n")
            forever(connection, b"x" * 9999)

    with serving(answer) as address:
        assert get(address).content == BODY


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/feed.xml", "file:///etc/hostname", "gopher://x/"])
def test_a_redirect_to_another_scheme_is_refused(location: str) -> None:
    with (
        serving(redirect(location)) as address,
        pytest.raises(InputError, match=rf"redirects to {location.split(':')[0]}:"),
    ):
        get(address, allow_private=True)


def test_a_redirect_may_not_leave_https(names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    authority, context, trusted = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("news.example").configure_cert(context)
    authority.configure_trust(trusted)
    monkeypatch.setattr(hosts, "_tls", lambda: trusted)
    names["news.example"] = ["127.0.0.1"]
    visits = []
    with (
        serving(lambda connection, path: (visits.append(path), connection.sendall(response(BODY)))) as plain,
        serving(redirect(f"{plain}/feed"), tls=context) as secure,
        serving(redirect(secure.replace("127.0.0.1", "news.example"))) as start,
    ):
        for address in (secure.replace("127.0.0.1", "news.example"), start):
            refusal = rf"is not fetched: it redirects from https to {plain}/feed: give that address if you mean it"
            with pytest.raises(InputError, match=refusal):
                get(address, allow_private=True)
        assert visits == []
        assert get(f"{plain}/feed").content == BODY


@pytest.mark.parametrize("location", ["http://", "http://[::1", "http://a b/", "//x:port/", "javascript:1"])
def test_a_bad_redirect_is_an_error(location: str) -> None:
    with serving(redirect(location)) as address, pytest.raises(InputError, match=r"cannot be fetched \("):
        get(address)


@pytest.mark.parametrize(
    ("zone", "addresses"),
    [
        (
            hosts.PUBLIC,
            "93.184.216.34 1.1.1.1 2606:2800:220:1::1 ::ffff:93.184.216.34 64:ff9b::5db8:d822 2002:5db8:d822::1",
        ),
        (
            "this machine itself",
            "127.0.0.1 127.9.9.9 0.0.0.0 ::1 :: ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1::",
        ),
        ("a link-local address", "169.254.169.254 fe80::1 fe80::1%eth0 ::ffff:169.254.169.254"),
        (
            "a private or reserved address",
            "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 198.18.0.1 240.0.0.1 255.255.255.255 224.0.0.1 224.0.1.1 "
            "fc00::1 fd12::1 ff02::1 2001:db8::1 ::ffff:10.0.0.1 64:ff9b::a00:1 2002:a00:1::1",
        ),
    ],
)
def test_where_addresses_lie(zone: str, addresses: str) -> None:
    assert {hosts.zone_of(address) for address in addresses.split()} == {zone}


def test_every_network_that_is_not_global_is_not_public() -> None:
    private = ipaddress.IPv4Address("0.0.0.0")._constants._private_networks
    assert len(private) > 10
    inside = [str(network[place]) for network in private for place in (0, network.num_addresses // 2, -1)]
    assert [a for a in inside if not ipaddress.ip_address(a).is_global and hosts.zone_of(a) == hosts.PUBLIC] == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "innocent.example", "[::ffff:127.0.0.1]", "2130706433", "0"]
)
def test_a_public_address_may_not_lead_to_this_machine(
    host: str, names: dict[str, list[str]], public: Callable[[bytes], str]
) -> None:
    names["innocent.example"] = ["127.0.0.1"]
    visits = []
    with serving(lambda connection, path: (visits.append(path), connection.sendall(response(BODY)))) as private:
        address = public(redirect(f"http://{host}:{private.rsplit(':', 1)[1]}/"))
        with pytest.raises(InputError, match=rf"{address} is not fetched: it leads to .*add --allow-private"):
            get(address)
        assert visits == []
        assert get(address, allow_private=True).content == BODY


def test_a_public_address_may_lead_to_another(names: dict[str, list[str]], public: Callable[[bytes], str]) -> None:
    names["other.example"] = ["127.0.0.1", "127.0.0.2"]  # only one of them may be used
    end = public(response(BODY))
    assert get(public(redirect(end.replace("127.0.0.2", "other.example")))).content == BODY


def test_a_private_address_may_be_given_and_may_lead_to_its_like(public: Callable[[bytes], str]) -> None:
    with serving(response(BODY)) as end, serving(redirect(end)) as start:
        assert get(start).content == BODY
        there_and_back = public(redirect(end))
        with serving(redirect(there_and_back)) as address, pytest.raises(InputError, match="this machine itself"):
            get(address)


def test_one_zone_does_not_lead_to_another(names: dict[str, list[str]]) -> None:
    metadata = serving(redirect("http://169.254.169.254/latest/meta-data"))
    with metadata as address, pytest.raises(InputError, match=r"169\.254\.169\.254, a link-local address"):
        get(address)


def test_the_listed_must_be_public(names: dict[str, list[str]], public: Callable[[bytes], str]) -> None:
    with serving(response(BODY)) as private:
        addresses = [private, public(response(BODY))]
        got = dict(downloads(addresses, timeout=PATIENCE, allow_private=False))
        assert isinstance(got[0], InputError) and "--allow-private" in str(got[0])
        assert got[1] == Download(BODY, None)
        assert set(dict(downloads(addresses, timeout=PATIENCE, allow_private=True)).values()) == {got[1]}


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
    names: dict[str, list[str]], public: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that answers otherwise the second time gains nothing."""
    port, asked, look_up = public(response(BODY)).rsplit(":", 1)[1], [], socket.getaddrinfo

    def rebinding(host: str, *arguments: object, **options: object) -> object:
        if host == "fickle.example":
            asked.append(host)
            host = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    start = public(redirect(f"http://fickle.example:{port}/"))
    assert get(start).content == BODY
    assert asked == ["fickle.example"]


def test_the_next_address_is_tried_where_one_refuses(names: dict[str, list[str]]) -> None:
    with serving(response(BODY)) as address:
        names["two.example"] = ["127.0.0.3", "127.0.0.1"]
        assert get(address.replace("127.0.0.1", "two.example")).content == BODY


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(InputError, match=r"\(Name or service not known\)"):
        get("http://nowhere.example/")


def test_certificates_are_checked_against_the_name(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    names |= {"news.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("news.example").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    with serving(response(BODY), tls=context) as address:
        known = address.replace("127.0.0.1", "news.example")
        with pytest.raises(InputError, match="certificate verify failed"):
            get(known)
        monkeypatch.setattr(hosts, "_tls", lambda: trusted)
        assert get(known).content == BODY
        for other in ("other.example", "127.0.0.1"):
            with pytest.raises(InputError, match="certificate verify failed"):
                get(address.replace("127.0.0.1", other))


def test_proxies_are_used_and_hosts_given_as_numbers_still_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(connection: socket.socket, path: str) -> None:
        target = path.removeprefix("http://news.example/to/")
        connection.sendall(response(path.encode()) if target == path else redirect(f"http://{target}/"))

    with serving(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert get("http://news.example/feed").content == b"http://news.example/feed"
        assert get("http://10.0.0.1/").content == b"http://10.0.0.1/"
        for private in ("10.0.0.1", "167772161", "0x7f.1", "localhost", "a.localhost.", "[::1]"):
            with pytest.raises(InputError, match="it leads to"):
                get(f"http://news.example/to/{private}")
        assert get("http://news.example/to/93.184.216.34").content == b"http://93.184.216.34/"
        with serving(response(BODY)) as address:
            assert get(address).content == BODY


# Interrupting


NEVER = (
    "import socket, sys, time; socket.getaddrinfo = lambda *_, **__: print('waits', flush=True) or time.sleep(500); "
)
MAIN = "from dedupe.cli import main; main()"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a single process")
@pytest.mark.parametrize("what", ["address", "list", "name"])
def test_an_interrupt_ends_it_at_once(what: str, tmp_path: Path) -> None:
    reached, running = threading.Semaphore(0), 8 if what == "list" else 1

    def answer(connection: socket.socket, path: str) -> None:
        connection.sendall(response(length=10**6))
        reached.release()
        forever(connection, b"x", 0.2)

    with serving(answer) as address:
        outlines = "".join(f'<outline xmlUrl="{address}/{k}"/>' for k in range(20))
        (tmp_path / "feeds.opml").write_text(f"<opml><body>{outlines}</body></opml>", "utf-8")
        source = {"address": [address], "list": [str(tmp_path / "feeds.opml"), "--fetch", "--allow-private"]}
        inputs = source.get(what, ["http://slow.example/"])
        command = [sys.executable, "-c", NEVER * (what == "name") + MAIN, "cluster", *inputs, "--timeout", "500"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if what == "name":
                assert process.stdout.readline() == "waits\n"
            else:
                assert all(reached.acquire(timeout=60) for _ in range(running))
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, message = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, message) == (130, "headline-dedupe: interrupted\n")
    assert time.monotonic() - start < PATIENCE / 2
