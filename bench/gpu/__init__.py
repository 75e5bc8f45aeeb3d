"""What the papers' networks do on a GPU: `python -m bench.gpu`, or `make gpu-check`. Each network in its own process.

`cards` says what GPUs can do at best, `work` what is trained; `steps` measures one network, `record` keeps it.
"""
