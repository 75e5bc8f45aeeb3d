"""All code that needs TensorFlow itself; everything else is Keras 3 and runs on any of its backends."""
