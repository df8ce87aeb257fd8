"""Where the public data are to be had, for messages."""

SOURCES = (
    "BOTAN (github.com/h3-Open-BDEC/pyg_botan), DeepMind (github.com/google-deepmind/deepmind-research, "
    "glassy_dynamics), GlassBench (Zenodo record 10118191)"
)
