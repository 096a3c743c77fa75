"""A mail server that accepts and discards every email, with a configurable delay.

python -m bench.sink PORT MILLISECONDS

Barely a server, so that it is not what is measured: HELP says how many it has taken.
"""

from __future__ import annotations

import asyncio
import sys

FINE = b"250 ok\r\n"


class Sink(asyncio.Protocol):
    taken = 0
    seconds = 0.0

    def connection_made(self, transport) -> None:
        self.transport, self.rest, self.in_email = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        while self.rest:
            end = b"\r\n.\r\n" if self.in_email else b"\r\n"
            text, found, rest = self.rest.partition(end)
            if not found:
                return
            self.rest = rest
            self.email() if self.in_email else self.command(text[:4].upper())

    def command(self, verb: bytes) -> None:
        self.in_email = verb == b"DATA"
        if verb == b"HELP":
            self.transport.write(b"214 %d\r\n" % Sink.taken)
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"354 go on\r\n" if self.in_email else FINE)

    def email(self) -> None:
        """Taken after a while; others are served meanwhile."""
        self.in_email = False
        Sink.taken += 1
        if self.seconds:
            loop = asyncio.get_running_loop()
            loop.call_later(self.seconds, self.transport.write, FINE)
        else:
            self.transport.write(FINE)


async def main(port: int, milliseconds: int) -> None:
    Sink.seconds = milliseconds / 1000
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
