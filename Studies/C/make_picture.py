"""Draws picture.png: hills, a sun and a lake, 256 x 256, from nothing but formulas and a seed.

The picture is ours to give away; it is dedicated to the public domain (CC0). Needs NumPy only.
"""
import struct
import zlib

import numpy as np

SIZE = 256
random = np.random.default_rng(7)
y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE


def ridge(height, roughness, steps=7):
    """A line of hills by midpoint displacement."""
    points = np.array([height, height])
    for step in range(steps + 1):
        middle = (points[:-1] + points[1:]) / 2
        middle += random.normal(0, roughness * 0.5**step, middle.size)
        joined = np.empty(points.size + middle.size)
        joined[0::2], joined[1::2] = points, middle
        points = joined
    return np.interp(np.arange(SIZE), np.linspace(0, SIZE - 1, points.size), points)


sky = np.stack([0.95 - 0.55 * (1 - y), 0.75 - 0.2 * (1 - y), 0.6 + 0.35 * (1 - y)], -1)
sun = np.exp(-(((x - 0.68) ** 2 + (y - 0.3) ** 2) / 0.006))[..., None]
image = np.clip(sky + sun * np.array([0.5, 0.45, 0.2]), 0, 1)
for height, roughness, colour in [
    (0.45, 0.10, (0.45, 0.42, 0.55)),
    (0.53, 0.07, (0.30, 0.36, 0.42)),
    (0.60, 0.05, (0.16, 0.26, 0.22)),
]:
    line = ridge(height, roughness)
    mask = y > line[None, :]
    shade = 1 - 0.5 * np.clip(y - line[None, :], 0, 1)
    image = np.where(mask[..., None], np.array(colour) * shade[..., None], image)
shore = 0.68
water = y > shore
mirror = image[np.clip((2 * shore * SIZE - np.arange(SIZE)).astype(int), 0, SIZE - 1)]
ripple = 0.04 * np.sin(90 * (y - shore) / (0.15 + y - shore) + 6 * np.sin(9 * x))
lake = 0.75 * mirror + np.array([0.02, 0.06, 0.10]) + ripple[..., None]
image = np.where(water[..., None], lake, image)
trunk = (abs(x - 0.12) < 0.012) & (y > 0.25) & (y < 0.9)
image = np.where(trunk[..., None], np.array([0.12, 0.09, 0.07]), image)
pixels = (np.clip(image, 0, 1) * 255).round().astype(np.uint8)


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


# The Paeth filter of PNG keeps the file small.
rows = pixels.astype(np.int32)
lines = b""
for row in range(SIZE):
    above = rows[row - 1] if row else np.zeros_like(rows[0])
    left = np.vstack([np.zeros((1, 3), np.int32), rows[row, :-1]])
    corner = np.vstack([np.zeros((1, 3), np.int32), above[:-1]])
    guess = left + above - corner
    a, b, c = abs(guess - left), abs(guess - above), abs(guess - corner)
    nearest = np.where((a <= b) & (a <= c), left, np.where(b <= c, above, corner))
    lines += b"\x04" + ((rows[row] - nearest) % 256).astype(np.uint8).tobytes()
with open("picture.png", "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n")
    file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)))
    file.write(chunk(b"IDAT", zlib.compress(lines, 9)))
    file.write(chunk(b"IEND", b""))
