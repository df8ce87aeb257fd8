"""Make tests/reference/homcloud_images.npz: HomCloud's persistence images, as published studies set them."""

from importlib import metadata
from pathlib import Path

import homcloud.interface as homcloud
import numpy as np
from homcloud.pdgm import SimplePDGM

REFERENCE = Path(__file__).parents[1] / "reference" / "homcloud_images.npz"
IMAGES = {  # births, cells, deaths, cells, weight, sigma
    "palladium": ((1.2, 2.6), 140, (1.4, 2.8), 140, ("atan", 1.0, 1.0), 0.02),
    "silicon": ((1.8, 4.0), 110, (2.1, 4.3), 110, ("atan", 1.0, 1.0), 0.04),
    "cyclooctane": ((0.5, 3.3), 50, (1.95, 3.3), 25, "none", 0.05),
    "linear": ((0.0, 4.0), 32, (0.0, 4.0), 40, ("linear", 0.7), 0.3),
}

if __name__ == "__main__":
    random = np.random.default_rng(4)
    birth = random.gamma(4, 0.5, 500)
    death = birth + random.exponential(0.6, 500)
    # On edges of cells too, where counts could go either way.
    birth[:20], death[:20] = np.linspace(1.2, 2.6, 141)[30:50], np.linspace(1.4, 2.8, 141)[60:80]
    arrays = {"homcloud": metadata.version("homcloud"), "birth": birth, "death": death}
    for name, (births, n_births, deaths, n_deaths, weight, sigma) in IMAGES.items():
        spec = homcloud.PIVectorizeSpec(births, n_births, deaths, n_deaths, weight=weight, sigma=sigma)
        arrays[name] = spec.vectorize(SimplePDGM(1, birth, death))
    np.savez_compressed(REFERENCE, **arrays)
