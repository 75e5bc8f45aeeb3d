"""From clips to samples: built on all cores, kept in HDF5, augmented."""
