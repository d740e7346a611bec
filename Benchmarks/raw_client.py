"""A request whose client has an address of its own, which is who takes turns at the server."""
import asyncio
import json


async def send(port, address, **body):
    """The streams of a connection from `address` on which `POST /generate` was sent."""
    body = json.dumps({**body, "ignore_eos": True}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    writer.write(b"POST /generate HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                 b"Content-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return reader, writer
