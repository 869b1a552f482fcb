#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""wayward_server.py PORT HOW: a server that answers rightly up to a point, or rightly but oddly.

HOW is one of: echo-flip, echo-tail, echo-tails, echo-swap, echo-bytes, http-flip, http-tail,
http-502, http-bytes, http-empty, http-other. Where the answer is wrong, it is that to the twentieth
piece that is received, of echo-tails to all from then on, of http-empty to every one, and of
http-other it is another one for each connection.
"""
import asyncio
import sys

WRONG = 20
BODY = b"Hello, World!"
REQUEST_BYTES = 64  # of echo-swap, which must know where a request ends


def flip(reply):
    return reply[:-1] + bytes([reply[-1] ^ 1])


def drop_tail(reply):
    return reply[:-1]


def swap(reply):
    first, rest = reply[:REQUEST_BYTES], reply[REQUEST_BYTES:]
    return rest[:REQUEST_BYTES] + first + rest[REQUEST_BYTES:]


def as_bad_gateway(reply):
    return reply.replace(b"200 OK", b"502 Bad Gateway")


MISTAKES = {"flip": flip, "tail": drop_tail, "tails": drop_tail, "swap": swap,
            "502": as_bad_gateway}


class Wayward(asyncio.Protocol):
    connections = 0
    received = 0
    over = False  # the mistake has been made
    protocol, how = sys.argv[2].split("-")

    def connection_made(self, transport):
        Wayward.connections += 1
        bodies = {"empty": b"", "other": b"Hello, number %d!" % Wayward.connections}
        self.body = bodies.get(self.how, BODY)
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        reply = data if self.protocol == "echo" else self.answer_http(data)
        Wayward.received += 1
        if self.how == "bytes":
            for byte in reply:
                self.transport.write(bytes([byte]))
        else:
            self.transport.write(self.spoiled(reply) if self.how in MISTAKES else reply)

    def spoiled(self, reply):
        enough = 2 * REQUEST_BYTES if self.how == "swap" else 1
        if Wayward.over or Wayward.received < WRONG or len(reply) < enough:
            return reply
        Wayward.over = self.how != "tails"
        return MISTAKES[self.how](reply)

    def answer_http(self, data):
        *requests, self.rest = (self.rest + data).split(b"\r\n\r\n")
        return len(requests) * (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" %
                                (len(self.body), self.body))


async def main():
    server = await asyncio.get_running_loop().create_server(Wayward, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
