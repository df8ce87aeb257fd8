"""Make tests/reference/homcloud_volumes.json: sizes of HomCloud's optimal and stable volumes.

Of loops and voids of every persistence, of jittered lattices in open space and in a periodic box. HomCloud takes
the fewest cells and has no rule for ties, so sizes can be compared and cells cannot; voids have no ties.
"""

import json
import tempfile
from importlib import metadata
from pathlib import Path

import homcloud.interface as homcloud
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference" / "homcloud_volumes.json"
EDGE, EPSILON = 5, 0.02


def main() -> None:
    random = np.random.default_rng(8)
    sites = np.stack(np.meshgrid(*[np.arange(EDGE)] * 3, indexing="ij"), -1).reshape(-1, 3)
    points = np.round((sites + random.normal(scale=0.2, size=sites.shape)) % EDGE, 6)
    pairs_out: list[dict] = []
    for periodic in (False, True):
        box = {"periodicity": [(0.0, float(EDGE))] * 3} if periodic else {}
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "points.pdgm")
            homcloud.PDList.from_alpha_filtration(points, save_to=path, save_boundary_map=True, **box)
            found = homcloud.PDList(path)
            for dimension in (1, 2):
                pairs = sorted(
                    found.dth_diagram(dimension).pairs(), key=lambda p: p.birth_time() - p.death_time()
                )
                pairs = [p for p in pairs if p.death_time() - p.birth_time() > EPSILON]
                for pair in pairs[:: max(len(pairs) // 17, 1)]:
                    volumes = pair.optimal_volume(), pair.stable_volume(EPSILON)
                    subvolume = volumes[0].stable_subvolume(EPSILON)
                    pairs_out.append(
                        {
                            "box": [EDGE] * 3 if periodic else None,
                            "dimension": dimension,
                            "birth": pair.birth_time(),
                            "death": pair.death_time(),
                            "optimal": len(volumes[0].cells()),
                            "stable": len(volumes[1].cells()),
                            "subvolume": len(subvolume.cells()),
                        }
                    )
    out = {"homcloud": metadata.version("homcloud"), "epsilon": EPSILON, "points": points.tolist()}
    REFERENCE.write_text(json.dumps({**out, "pairs": pairs_out}))
    print(len(pairs_out), "pairs")


if __name__ == "__main__":
    main()
