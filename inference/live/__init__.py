"""Watch a camera live: what it sees, what the network says, and how fast and how reliably, in a local web page."""
