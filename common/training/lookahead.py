"""Lookahead around Adam (Zhang, Lucas, Hinton & Ba, NeurIPS 2019, algorithm 1)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="common")
class LookaheadAdam(keras.optimizers.Adam):
    """Adam takes k steps with the fast weights; then they start again from slow weights that follow them.

    Slow weights φ begin as the initial weights. After every k-th step φ += α·(θ - φ) and θ = φ; Adam's moments stay.
    A step is an update: with gradient accumulation, several batches.

    Args:
        k: steps of Adam between two of the slow weights.
        alpha: share of the way from slow to fast weights.
    """

    def __init__(self, learning_rate: float = 1e-3, *, k: int = 5, alpha: float = 0.5, **adam):
        super().__init__(learning_rate, **{"name": "lookahead_adam"} | adam)
        self.k, self.alpha = k, alpha

    def build(self, variables: list) -> None:
        if not self.built:
            super().build(variables)
            self._slow = self.add_optimizer_variables(variables, "slow")

    def update_step(self, gradient, variable, learning_rate) -> None:
        now = ops.convert_to_tensor
        slow = self._slow[self._get_variable_index(variable)]
        steps = now(self.iterations)
        # Weights may be set after `build`, so the slow ones begin with the first step.
        self.assign(slow, ops.where(steps == 0, now(variable), now(slow)))
        super().update_step(gradient, variable, learning_rate)
        meets = (steps + 1) % self.k == 0
        self.assign(slow, ops.where(meets, now(slow) + self.alpha * (now(variable) - now(slow)), now(slow)))
        self.assign(variable, ops.where(meets, now(slow), now(variable)))

    def get_config(self) -> dict:
        return super().get_config() | {"k": self.k, "alpha": self.alpha}
