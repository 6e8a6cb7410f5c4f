"""Fetches a file again and again over some connections and prints {"rate": bytes/s}.

fetch.py PORT PATH KEY SIZE CONNECTIONS SECONDS

The kernel drops the bodies instead of copying them to us (MSG_TRUNC), so that the server's share of
the work is measured and not the client's. That the bytes are right is checked by download.py, once.
"""
import json
import re
import selectors
import socket
import sys
import time

PIECE = 1 << 20
HEADERS = 16384


class Connection:
    def __init__(self, port, request, size):
        self.request, self.size = request, size
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.buffer = bytearray(PIECE)
        self.head, self.left = b"", 0
        self.ask()

    def ask(self):
        self.socket.sendall(self.request)
        self.head = b""

    def receive(self):
        """Bytes of a body that have come."""
        if not self.left:
            return self.receive_head()
        got = self.socket.recv_into(self.buffer, min(PIECE, self.left), socket.MSG_TRUNC)
        assert got, "the connection was closed in a body"
        self.left -= got
        if not self.left:
            self.ask()
        return got

    def receive_head(self):
        self.head += self.socket.recv(HEADERS)
        head, end, body = self.head.partition(b"\r\n\r\n")
        if not end:
            assert len(self.head) < HEADERS, "no end of headers"
            return 0
        assert head.startswith(b"HTTP/1.1 200 "), head
        assert int(re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)[1]) == self.size, head
        self.left = self.size - len(body)
        return len(body)


def main():
    port, path, key, size, count, seconds = sys.argv[1:]
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: GatewayToken {key}\r\n\r\n".encode()
    selector = selectors.DefaultSelector()
    for _ in range(int(count)):
        connection = Connection(int(port), request, int(size))
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    start, total = time.monotonic(), 0
    while (took := time.monotonic() - start) < float(seconds):
        events = selector.select(timeout=10)
        assert events, "nothing came for 10 s"
        total += sum(key.data.receive() for key, _ in events)
    print(json.dumps({"rate": total / took}))


if __name__ == "__main__":
    main()
