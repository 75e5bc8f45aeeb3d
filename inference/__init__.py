"""What a trained network is good for: predicting videos, running live, and going elsewhere as a file."""
