"""Keras models as other programs can take them."""


def in_single_precision(model):
    """The same network computing in 32 bits, where it was trained in 16: other programs lack one or the other type."""
    if "mixed_" not in model.to_json():
        return model
    again = type(model).from_config(_without_policies(model.get_config()))
    again.set_weights(model.get_weights())
    return again


def _without_policies(config):
    """A network's configuration in which every layer computes in 32 bits."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return "float32"
        return {name: _without_policies(value) for name, value in config.items()}
    return [_without_policies(value) for value in config] if isinstance(config, list) else config
