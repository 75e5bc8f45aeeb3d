"""Batches as Keras takes them, made on all cores: a tf.data stream on TensorFlow, a generator on the other backends.

Threads make them, not processes: reading, moving and laying out images all happen in C, where other threads run on.
"""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from common.support import workers
from common.training.batches import Batch, Batches


def feed(batches: Batches, start: int = 0, threads: int | None = None):
    """The batches as Keras takes them, from number `start` on, the same whatever the number of threads.

    Args:
        threads: that make batches; as many as there are cores if None.
    """
    import keras

    threads = threads or workers.cores()
    if keras.config.backend() == "tensorflow":
        from common.training.tf.pipeline import dataset

        return dataset(batches, start, threads)
    return made(batches, itertools.count(start), threads)


def made(batches: Batches, numbers: Iterable[int], threads: int | None = None) -> Iterator[Batch]:
    """Batches of these numbers in their order, made ahead while the first ones are used.

    Memory holds one batch a thread and one that waits, however many are asked for.
    """
    threads, numbers = threads or workers.cores(), iter(numbers)
    with ThreadPoolExecutor(threads, "feeding") as pool:
        begun = deque(pool.submit(batches.__getitem__, number) for number in itertools.islice(numbers, threads + 1))
        try:
            while begun:
                batch = begun.popleft().result()
                begun.extend(pool.submit(batches.__getitem__, number) for number in itertools.islice(numbers, 1))
                yield batch
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
