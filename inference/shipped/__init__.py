"""The network that comes with the suite: it names the emotion of a single face, and was trained on FER2013."""
