"""3D-CNN for facial emotion recognition in videos (Haddad, Lézoray and Hamel 2020).

A C3D network with batch normalisation sees the last ten frames of a sequence; its structure and settings are
searched on CK+ and on Oulu-CASIA, and the two resulting architectures are compared on both.
"""
