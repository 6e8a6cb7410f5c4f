"""A TCP proxy that cuts or holds artifact downloads, and remembers what clients asked for."""
import re
import socket
import threading

CHUNK = 16 * 1024
MAX_CONNECTIONS = 500  # a client gone wild fails its test instead of filling the machine
ARTIFACT = re.compile(rb"GET \S*(/softwaremodules/\S*/artifacts/|/artifacts/\S*/content )")


class Proxy:
    """Stands before the gateway at `target` (host, port), which may go away and come back.

    cut_at(n): the next artifact response ends, by a reset, after n bytes (its headers included).
    hold_at(n): it stands still there until release(); `held` is set while it does. With cut=True it ends then.
    """

    def __init__(self, target):
        self.target = target
        self.heads = []  # request heads as text, in order of arrival
        self.held = threading.Event()
        self._released = threading.Event()
        self._limits = []
        self._sockets = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:{}".format(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, *sizes):
        """One cut for each size, on as many artifact requests in turn."""
        self._limits += [("cut", size) for size in sizes]

    def hold_at(self, size, cut=False):
        self._limits.append(("hold, cut" if cut else "hold", size))

    def wait_held(self, timeout=30):
        assert self.held.wait(timeout), f"no download was held within {timeout} s"

    def release(self):
        self._released.set()

    def ranges(self):
        """The Range headers (None: absent) of the artifact GETs so far."""
        found = []
        for head in list(self.heads):
            if ARTIFACT.match(head.encode()):
                match = re.search(r"^range: *(.*?)\r?$", head, re.I | re.M)
                found.append(match and match[1])
        return found

    def close(self):
        self._listener.close()
        self._released.set()
        with self._lock:
            for each in self._sockets:
                _reset(each)

    def _accept(self):
        for _ in range(MAX_CONNECTIONS):
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target, timeout=10)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._sockets |= {client, server}
            limit = []  # of the response under way on this connection: (what, size)
            threading.Thread(target=self._requests, args=(client, server, limit), daemon=True).start()
            threading.Thread(target=self._responses, args=(client, server, limit), daemon=True).start()

    def _requests(self, client, server, limit):
        """Client to server; an artifact request takes the next limit. Bodies that follow a head pass by."""
        try:
            while data := client.recv(65536):
                if re.match(rb"[A-Z]+ /\S* HTTP/1", data):
                    self.heads.append(data.split(b"\r\n\r\n")[0].decode(errors="replace"))
                    if ARTIFACT.match(data) and self._limits:
                        limit[:] = [self._limits.pop(0)]
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _responses(self, client, server, limit):
        passed = 0
        try:
            while data := server.recv(CHUNK):
                passed = passed + len(data) if limit else 0
                if limit and passed >= limit[0][1]:
                    what, _ = limit.pop()
                    if "hold" in what:
                        self._hold()
                    if "cut" in what:
                        break
                client.sendall(data)
        except OSError:
            pass
        _reset(client)
        _reset(server)

    def _hold(self):
        self.held.set()
        self._released.wait(120)
        self.held.clear()
        self._released.clear()


def _reset(each):
    """Close at once, as a link that breaks would."""
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    each.close()
