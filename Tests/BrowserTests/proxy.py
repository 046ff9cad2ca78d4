"""A way to the shop that breaks when it is told to."""

import contextlib
import socket
import threading


class Proxy:
    """Hands on bytes between browsers and the shop; cuts a connection once after the shop has said something."""

    def __init__(self, port):
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.cut_after = None
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self.listener.accept()
                shop = socket.create_connection(("127.0.0.1", self.port))
                for source, target, is_answer in ((browser, shop, False), (shop, browser, True)):
                    threading.Thread(target=self._hand_on, args=(source, target, is_answer), daemon=True).start()

    def _hand_on(self, source, target, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
                if is_answer and self.cut_after and self.cut_after in data:
                    self.cut_after = None
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self):
        self.listener.close()
