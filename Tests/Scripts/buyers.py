"""Buyers who come at a constant rate, remember their keys and what they were answered, and come again until they know."""

import collections
import heapq
import json
import random
import socket
import threading
import time

# Answers after which the same request is sent again: nothing was taken, or nobody knows.
AGAIN = {429, 502, 503, 504, "lost"}


class Connection:
    """One keep-alive connection that speaks as much HTTP as the gateway does to a buyer."""

    def __init__(self, port):
        self.port, self.socket, self.rest = port, None, b""

    def ask(self, head, body=b"", seconds=15):
        """Status and body; the status is `lost` when no answer came."""
        for fresh in (False, True):
            reused = self.socket is not None
            try:
                if not reused:
                    self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
                    self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.socket.settimeout(seconds)
                self.socket.sendall(head + body)
                return self.read()
            except (EOFError, ConnectionResetError, BrokenPipeError):
                self.close()
                # The gateway closes idle connections. Only such a one is not its failure.
                if fresh or not reused or self.rest:
                    return "lost", b""
            except OSError:
                self.close()
                return "lost", b""
        return "lost", b""

    def read(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self.more()
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        length = int(fields.get("content-length", 0))
        while len(body) < length:
            body += self.more()
        if fields.get("connection") == "close":
            self.close()
        return int(lines[0].split()[1]), body

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError
        return piece

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None


class Order:
    __slots__ = ("number", "product", "contact", "address", "pays", "answer", "id", "token", "tries", "paid", "trouble",
                 "bodies")

    def __init__(self, number, product, contact, pays):
        self.number, self.product, self.contact, self.pays = number, product, contact, pays
        self.address = f"2001:db8:{number >> 16:x}:{number & 0xffff:x}::1"
        self.answer, self.id, self.token, self.tries, self.paid, self.trouble = None, None, None, 0, False, None
        # What it was told it is; more than one order would be a violation.
        self.bodies = set()


class Buyers:
    """A load that goes on until it is ended. Each order has a moment at which it is due; late ones are not left out."""

    # Seconds until a buyer comes again, at first and at most; a crowd that comes each second would be a load of its own.
    PAUSE, LONGEST = 0.7, 5

    def __init__(self, port, products, rate, paid=0.2, workers=64, seed="load"):
        self.port, self.products, self.rate, self.paid, self.seed = port, products, rate, paid, seed
        self.random = random.Random(seed)
        self.orders, self.answers, self.timeline, self.slowest = [], collections.Counter(), [], 0.0
        self.due, self.next, self.start = [], 0, time.monotonic()
        self.is_ending, self.deadline = False, None
        self.condition, self.busy, self.sequence = threading.Condition(), 0, 0
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(workers)]
        for thread in self.threads:
            thread.start()

    # Who is next.

    def take(self):
        """The next thing to do; None when all is done."""
        with self.condition:
            while True:
                now = time.monotonic()
                if self.deadline and now > self.deadline:
                    return None
                new = None if self.is_ending else self.start + self.next / self.rate
                old = self.due[0][0] if self.due else None
                first = min(moment for moment in (new, old, now + 60) if moment is not None)
                if first <= now:
                    self.busy += 1
                    # Old ones first: they have waited for longest.
                    if old is not None and old <= now:
                        return heapq.heappop(self.due)[2:]
                    return ("place", self.arrive())
                if self.is_ending and not self.due and not self.busy:
                    self.condition.notify_all()
                    return None
                self.condition.wait(min(first - now, 0.2))

    def arrive(self):
        number = self.next
        self.next += 1
        product = self.products[number % len(self.products)]
        order = Order(number, product, f"{self.seed}-{number}@example.com", self.random.random() < self.paid)
        self.orders.append(order)
        return order

    def again(self, what, order, pause=None):
        if pause is None:
            pause = min(self.LONGEST, self.PAUSE * 1.5 ** order.tries) * self.random.uniform(0.7, 1.3)
        with self.condition:
            self.sequence += 1
            heapq.heappush(self.due, (time.monotonic() + pause, self.sequence, what, order))

    def work(self):
        connection = Connection(self.port)
        while (job := self.take()) is not None:
            what, order = job
            try:
                self.place(connection, order) if what == "place" else self.pay(connection, order)
            except Exception as error:  # A load that ends silently would prove nothing.
                order.trouble = f"{what}: {error!r}"
            with self.condition:
                self.busy -= 1
        connection.close()

    # What they do.

    def place(self, connection, order):
        body = json.dumps({"product": order.product, "contact": order.contact, "channel": "sandbox"}).encode()
        asked = time.monotonic()
        status, text = connection.ask(self.head("POST", "/api/v1/orders", order, len(body)), body)
        self.note("place", order, status, time.monotonic() - asked)
        order.tries += 1
        if status in (200, 201, 202):
            answer = json.loads(text)
            order.bodies.add(answer["id"])
            order.answer, order.id, order.token = "accepted", answer["id"], answer["token"]
            if order.pays:
                self.again("pay", order, 0.1)
        elif status in AGAIN:
            self.again("place", order)
        elif status == 409:
            order.answer = json.loads(text)["code"]
        else:
            order.answer = f"{status} {text[:200].decode(errors='replace')}"

    def pay(self, connection, order):
        path = f"/api/v1/sandbox/orders/{order.id}/pay"
        status, text = connection.ask(self.head("POST", path, order, 2), b"{}")
        self.note("pay", order, status)
        if status == 200:
            order.paid = True
        elif status == 409 and json.loads(text).get("code") == "not_ready":
            self.again("pay", order, 0.3)
        elif status in AGAIN:
            self.again("pay", order, self.LONGEST / 2)
        else:
            order.trouble = f"pay: {status} {text[:200].decode(errors='replace')}"

    def head(self, method, path, order, length):
        token = f"Authorization: Bearer {order.token}\r\n" if order.token else ""
        return (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX-Forwarded-For: {order.address}\r\n"
                f"Idempotency-Key: {self.seed}-{order.number}\r\nContent-Type: application/json\r\n{token}"
                f"Content-Length: {length}\r\n\r\n").encode()

    def note(self, what, order, status, seconds=0.0):
        with self.condition:
            self.slowest = max(self.slowest, seconds)
            self.answers[what, status] += 1
            self.timeline.append((time.monotonic(), what, order.product, status))

    # What came of it.

    def end(self, patience=60):
        """No new buyers; waits until the old ones know. Returns those who do not."""
        with self.condition:
            self.is_ending, self.deadline = True, time.monotonic() + patience
            self.condition.notify_all()
        for thread in self.threads:
            thread.join()
        return [order for order in self.orders if order.answer is None or order.pays and order.id and not order.paid]

    def count(self, *statuses, what="place"):
        return sum(self.answers[what, status] for status in statuses)

    def between(self, start, end, product=None):
        """Answers to orders in a stretch of time, by status."""
        with self.condition:
            return collections.Counter(
                status for moment, what, slug, status in self.timeline
                if what == "place" and start <= moment < end and product in (None, slug))

    def recovered_after(self, moment):
        """Seconds from a moment to the last answer that was a failure; 0 when there was none."""
        with self.condition:
            bad = [when for when, _, _, status in self.timeline if when >= moment and status in AGAIN]
        return max(bad) - moment if bad else 0.0
