"""TimeConvNets (Lee and Wong 2020).

Five grey frames are stacked as the channels of small 2D networks and compared with 2D, 3D and (2+1)D
baselines in accuracy, speed and size, on windows cut from CK+, BAUM-1 and eNTERFACE.
"""
