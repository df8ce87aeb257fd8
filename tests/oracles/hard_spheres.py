"""Hard spheres by the definition: every pair, every image, at every collision; slow, and of nobody's code."""

import itertools

import numpy as np


def next_meeting(x, v, diameters, box):
    """When the first pair meets, and who that is; particles are at ``x`` now."""
    images = np.array(list(itertools.product((-1, 0, 1), repeat=len(box)))) * box
    i, j = np.triu_indices(len(x), 1)
    d = (x[i] - x[j])[:, None] + images
    u = (v[i] - v[j])[:, None]
    contact = (diameters[i] + diameters[j])[:, None] / 2
    b, a = (d * u).sum(-1), (u * u).sum(-1) * np.ones(d.shape[:2])
    root = b**2 - a * ((d**2).sum(-1) - contact**2)
    with np.errstate(all="ignore"):
        time = np.where((b < 0) & (root >= 0), (-b - np.sqrt(root)) / a, np.inf)
    pair = np.unravel_index(np.argmin(time), time.shape)
    return time[pair], i[pair[0]], j[pair[0]], d[pair]


def collide(x, v, masses, diameters, box, until):
    """Positions (unwrapped) and velocities at a time, and the collisions before it as (time, i, j)."""
    x, v, now, met = x.copy(), v.copy(), 0.0, []
    while True:
        # Away from home images are counted from the box.
        wait, i, j, d = next_meeting(x - np.floor(x / box) * box, v, diameters, box)
        wait = max(wait, 0.0)
        if not now + wait < until:
            return x + (until - now) * v, v, met
        x += wait * v
        now += wait
        d = d + wait * (v[i] - v[j])
        normal = d / np.linalg.norm(d)
        kick = 2 * masses[i] * masses[j] / (masses[i] + masses[j]) * ((v[i] - v[j]) @ normal) * normal
        v[i] -= kick / masses[i]
        v[j] += kick / masses[j]
        met.append((now, int(i), int(j)))
