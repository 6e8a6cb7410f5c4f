"""Holds connections that each have polled once, until SIGTERM: idle.py PORT KEY CONNECTIONS. Says "ready"."""
import signal
import socket
import sys


def poll(connection, request):
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        piece = connection.recv(16384)
        assert piece, f"the gateway closed a connection: {answer!r}"
        answer += piece
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def main():
    port, key, count = sys.argv[1:]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    held = []
    for number in range(int(count)):
        connection = socket.create_connection(("127.0.0.1", int(port)), timeout=30)
        poll(connection, f"GET /default/controller/v1/unit-{number * 2654435761 % 2**32:08x} HTTP/1.1\r\n"
                         f"Host: localhost\r\nAuthorization: GatewayToken {key}\r\n\r\n".encode())
        held.append(connection)
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM])
    for connection in held:  # none may have been closed meanwhile
        connection.setblocking(False)
        try:
            assert connection.recv(1), "the gateway closed an idle connection"
        except BlockingIOError:
            pass


if __name__ == "__main__":
    main()
