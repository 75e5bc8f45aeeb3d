"""Clips, frames and images, and the faces in them."""
