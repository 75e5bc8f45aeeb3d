"""The Small-Stills Net (Nobody 2026): a small network on the grey images of FER2013."""
