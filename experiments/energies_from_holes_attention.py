"""Where the convolutional network looks in the histograms of liquid-like and of solid-like frames."""

import jax.numpy as jnp
import numpy as np
from energies_from_holes_frames import Frames
from energies_from_holes_linear import folds_of
from energies_from_holes_networks import NETWORKS
from energies_from_holes_records import Attention, Described, Settings

from tdaglass import learning

SHARE = 0.1  # of the frames left out, the hottest and the coldest


def attention_of(
    settings: Settings, frames: Frames, described: Described, parameters: learning.Parameters | None
) -> dict[str, Attention]:
    """Grad-CAM of the network that has not seen the first part of the frames, in the hottest and coldest of it."""
    # Nobody says how hot frames of files are.
    if parameters is None or np.isnan(frames.temperature).any():
        return {}
    how = NETWORKS["cnn"]
    network = how.network(settings)
    assert isinstance(network, learning.CNN)
    images = how.samples(settings, frames, described)
    out = folds_of(settings, frames, "frames") == 0
    scaled = how.scale(settings, images[~out])
    coldest_first = np.flatnonzero(out)[np.argsort(frames.temperature[out])]
    few = max(1, round(SHARE * len(coldest_first)))
    found = {}
    for kind, which in (("liquid", coldest_first[-few:]), ("solid", coldest_first[:few])):
        x = jnp.asarray(scaled(images[which]))
        higher, lower = (
            # The network tells energies in units of their spread.
            frames.energy[~out].std() * np.asarray(learning.grad_cam(network, parameters, x, against=against))
            for against in (False, True)
        )
        found[kind] = Attention(
            images[which, 0].mean(axis=0), higher, lower, frames.temperature[which], frames.run[which]
        )
    return found


def centre(settings: Settings, maps: np.ndarray) -> np.ndarray:
    """Mean birth and death of maps (frames, deaths, births), weighted by what they show, (frames, 2)."""
    n = maps.shape[-1]
    middle = settings.plane * (np.arange(n) + 0.5) / n
    # The network sees cells below the diagonal, too, though no loop is ever there.
    maps = maps * (middle[:, None] >= middle)
    weight = maps / np.maximum(maps.sum(axis=(1, 2), keepdims=True), 1e-30)
    return np.stack([weight.sum(axis=1) @ middle, weight.sum(axis=2) @ middle], axis=1)
