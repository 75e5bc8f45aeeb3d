"""Whether the chosen settings give networks at all, asked before anything is read or trained.

Each paper that has networks says in its module `blueprints` which ones a request will build. With the defaults that
can be built is a matter of the tests; with settings of the user it is tried here, in a second.
"""

import os

from common.results.config import Request
from common.support import workers
from common.support.errors import UserError
from common.training import devices
from common.training.blueprint import Blueprint, parameters
from reproductions import registry


def check(request: Request) -> None:
    """Lay out every network of a request that changes settings, in a process of its own, which ends with it.

    Raises:
        UserError: if the settings do not fit together, or one of them gives no network.
    """
    if request.changed_settings and registry.reproduction(request.paper.name).has("blueprints"):
        # More than one worker is what makes it another process.
        workers.run_all(_without_gpu, [request], workers=2)


def networks(request: Request) -> list[Blueprint]:
    """What a request will build, each once."""
    blueprints = registry.reproduction(request.paper.name).blueprints.networks(request)
    return list({repr((each.name, each.classes, each.settings)): each for each in blueprints}.values())


def lay_out(request: Request) -> dict[str, int]:
    """The parameters of every network of a request, by its name.

    Raises:
        UserError: if one of them cannot be built.
    """
    return {blueprint.name: laid_out(request, blueprint) for blueprint in networks(request)}


def laid_out(request: Request, blueprint: Blueprint) -> int:
    """The parameters of one network of a request.

    Raises:
        UserError: if it cannot be built.
    """
    try:
        return parameters(blueprint)
    except UserError:
        raise
    except Exception as error:  # whatever Keras or a builder says of layers that do not fit
        chosen = " ".join(f"{name}={value}" for name, value in request.changed_settings.items())
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserError(
            f"{blueprint.name} of {request.paper.name} cannot be built with {chosen or 'these sizes'}: {reason}",
            "Change one of these settings.",
        ) from error


def _without_gpu(request: Request) -> None:
    """In the new process: a blueprint needs no GPU, and TensorFlow would take its whole memory."""
    os.environ |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"}
    devices.choose_backend()
    with devices.silent():
        import keras  # noqa: F401 - its first import prints; done once here
    lay_out(request)
