"""3DCNN-ConvLSTM (Saurav, Saini, Kumar and Singh 2020).

Three 3D convolutions describe eight aligned grey faces, a convolutional LSTM follows their order; tested on
CK+, SAVEE and AFEW.
"""
