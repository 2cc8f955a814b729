"""Tasks on whatever runs them: this process, or any executor in the style of concurrent.futures."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, Protocol

from apical.errors import ApicalError

#: How often a task is given out without anything being finished meanwhile.
_TRIES = 3
#: Seconds between two looks at what is done.
_PAUSE = 0.02
#: Stands among failed tasks for giving tasks out.
_GIVING = -1


class Executor(Protocol):
    """What has ``submit``, as those of concurrent.futures, dask, mpi4py and submitit have."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """Return a future: it has ``done()``, ``result()`` and ``cancel()``."""
        ...


def results(
    function: Callable[..., Any],
    tasks: Sequence[tuple[Any, ...]],
    executor: Executor | Callable[[], Executor],
) -> Iterator[tuple[int, Any]]:
    """Yield the number and the result of each task when it is done, each exactly once.

    A task whose worker was lost is given out again. Errors of apical are raised at once, others
    when a task has failed three times while nothing else was finished.

    Parameters
    ----------
    function : function
        What is called, by its name in a module, so that it can be sent elsewhere.
    tasks : sequence of tuple
        Its arguments.
    executor : Executor, or function without arguments that returns one
        The latter is called again when what it gave is broken, as a pool of processes is when one
        of them dies, and shut down at the end.
    """
    own = not hasattr(executor, "submit")
    pool: Any = executor() if own else executor  # type: ignore[operator]
    left, waiting = deque(range(len(tasks))), {}
    failed: Counter[int] = Counter()
    fatal: Exception | None = None
    try:
        while (left or waiting) and fatal is None:
            try:
                while left:
                    waiting[pool.submit(function, *tasks[left[0]])] = left[0]
                    left.popleft()
            except BrokenExecutor as error:
                failed[_GIVING] += 1
                if own and failed[_GIVING] < _TRIES:
                    pool.shutdown()
                    pool = executor()  # type: ignore[operator]
                else:
                    fatal = error
            ready = [future for future in waiting if future.done()]
            for future in ready:
                task = waiting.pop(future)
                try:
                    found = future.result()
                except Exception as error:
                    failed[task] += 1
                    hopeless = isinstance(error, ApicalError) or failed[task] == _TRIES
                    if hopeless or (isinstance(error, BrokenExecutor) and not own):
                        # not before the others that are done have been handed over
                        fatal = error
                    left.append(task)
                else:
                    failed.clear()
                    yield task, found
            if not ready:
                time.sleep(_PAUSE)
        if fatal is not None:
            raise fatal
    finally:
        for future in waiting:
            future.cancel()
        if own:
            pool.shutdown()
