"""Pictures of products, made of nothing but arithmetic."""

import math
import struct
import zlib

WIDTH, HEIGHT = 640, 360


def _chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(rows, width):
    """Rows of RGB bytes as a PNG."""
    # Each row as its difference to the one above, which is little in a gradient.
    above = bytes(width * 3)
    lines = []
    for row in rows:
        lines.append(b"\x02" + bytes((value - up) & 0xFF for value, up in zip(row, above)))
        above = row
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    content = zlib.compress(b"".join(lines), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")


def _mix(first, second, part):
    return tuple(round(a + (b - a) * part) for a, b in zip(first, second))


def landscape(top, bottom, sun, hills):
    """A sky with a sun above rows of hills.

    `hills` are colours, from far to near.
    """
    def height(index, x):
        phase, size = index * 2.1, 26 - 4 * index
        return HEIGHT * (0.55 + 0.15 * index) + size * math.sin(x / (70 + 30 * index) + phase) + 7 * math.sin(x / 23)

    edges = [[height(index, x) for x in range(WIDTH)] for index in range(len(hills))]
    rows = []
    for y in range(HEIGHT):
        sky = _mix(top, bottom, y / HEIGHT)
        row = bytearray()
        for x in range(WIDTH):
            colour = sky
            if (x - WIDTH * 0.68) ** 2 + (y - HEIGHT * 0.36) ** 2 < (HEIGHT * 0.17) ** 2:
                colour = sun
            for edge, hill in zip(edges, hills):
                if y > edge[x]:
                    colour = hill
            row += bytes(colour)
        rows.append(bytes(row))
    return png(rows, WIDTH)


def rings(ground, colours):
    """Circles within circles, out of the middle."""
    rows = []
    for y in range(HEIGHT):
        row = bytearray()
        for x in range(WIDTH):
            distance = math.hypot(x - WIDTH * 0.5, y - HEIGHT * 0.56)
            index = int(distance / 34)
            row += bytes(colours[index] if index < len(colours) else ground)
        rows.append(bytes(row))
    return png(rows, WIDTH)


def mark(ground, colour, size=96):
    """A logo: a disc with a smaller one cut out of it."""
    rows = []
    for y in range(size):
        row = bytearray()
        for x in range(size):
            disc = math.hypot(x - size * 0.5, y - size * 0.5) < size * 0.34
            hole = math.hypot(x - size * 0.64, y - size * 0.4) < size * 0.26
            row += bytes(colour if disc and not hole else ground)
        rows.append(bytes(row))
    return png(rows, size)
