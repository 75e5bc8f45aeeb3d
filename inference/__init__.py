"""What a trained network is good for: predicting videos, watching live, and going elsewhere as a file."""
