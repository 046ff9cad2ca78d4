"""What the processes of a cluster do at this moment, as a table."""

import time

from node import total
from processes import family


class Use:
    """Shares of processor time since the last look."""

    def __init__(self):
        self.before = {}

    def look(self, pid):
        """Share of one core in percent, and resident MiB, of a process with all that descend from it."""
        members = family(pid) if pid else {}
        now, (moment, spent) = time.monotonic(), self.before.get(pid, (0, {}))
        share = 0.0
        if moment:
            grown = sum(found["cpu"] - spent.get(member, 0) for member, found in members.items())
            share = 100 * max(0, grown) / max(now - moment, 0.001)
        self.before[pid] = (now, {member: found["cpu"] for member, found in members.items()})
        # What processes share, such as PostgreSQL's buffers, is there once.
        shared = max((found["shared"] for found in members.values()), default=0)
        return share, shared + sum(found["own"] for found in members.values())


class Status:
    """The table. Rates count from one call to the next."""

    HEAD = ("name", "role", "pid", "port", "state", "CPU %", "MiB", "orders/s", "log lag", "leads")

    def __init__(self, cluster):
        self.cluster, self.use, self.taken = cluster, Use(), {}

    def text(self):
        rows = [self.HEAD] + [self.row(child) for child in self.cluster.children]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.HEAD))]
        lines = []
        for row in rows:
            cells = [cell.ljust(width) if index in (0, 1, 4) else cell.rjust(width)
                     for index, (cell, width) in enumerate(zip(row, widths))]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def row(self, child):
        share, resident = self.use.look(child.pid if child.is_running() else 0)
        metrics = child.metrics() if hasattr(child, "metrics") and child.state() == "running" else []
        return (
            child.name, child.role, str(child.pid or ""), str(child.port), child.state(), f"{share:.0f}",
            f"{resident:.0f}", self.rate(child.name, metrics), whole(lag(metrics)), " ".join(leads(metrics)))

    def rate(self, name, metrics):
        """Orders that this node took, a second."""
        taken, now = accepted(metrics), time.monotonic()
        before, self.taken[name] = self.taken.get(name), (now, taken)
        if taken is None or before is None or before[1] is None:
            return ""
        return f"{max(0, taken - before[1]) / (now - before[0]):.0f}"


def whole(number):
    return "" if number is None else f"{number:.0f}"


def accepted(metrics):
    found = [total(metrics, "sluice_orders_total", outcome=outcome) for outcome in ("placed", "queued")]
    known = [number for number in found if number is not None]
    return sum(known) if known else None


def lag(metrics):
    """Records of the order log that wait for the ledger, as this writer knows them."""
    return total(metrics, "sluice_order_log_lag")


def leads(metrics):
    """The shards that a node leads."""
    return [labels.get("shard", "?") for name, labels, value in metrics if name == "sluice_upkeep_leader" and value == 1]
