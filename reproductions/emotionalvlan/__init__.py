"""EmotionalVLAN (Gupta and Vishwamitra 2022).

AlexNet features of 15 faces and 15 optical flow images are joined by a trainable weighted sum over a video;
tested on RML, BAUM-1s, MMI and FER2013.
"""
