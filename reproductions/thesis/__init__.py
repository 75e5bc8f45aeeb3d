"""Facial emotion recognition using deep learning (Patil 2023, master's thesis).

A 2D network of paired 3x1 and 1x3 convolutions, and support vector machines, on FER2013 and CK+.
"""
