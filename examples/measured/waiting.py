import asyncio
import multiprocessing
import threading
import time
from concurrent import futures

WAITS = [0.1] * 10


def one_after_another():
    for wait in WAITS:
        time.sleep(wait)


def workers(kind):
    ten = [kind(target=time.sleep, args=(wait,)) for wait in WAITS]
    for worker in ten:
        worker.start()
    for worker in ten:
        worker.join()


def executor(kind):
    with kind(max_workers=len(WAITS)) as pool:
        list(pool.map(time.sleep, WAITS))


async def tasks():
    await asyncio.gather(*(asyncio.sleep(wait) for wait in WAITS))


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    ways = {
        "threads": lambda: workers(threading.Thread),
        "processes": lambda: workers(multiprocessing.Process),
        "ThreadPoolExecutor": lambda: executor(futures.ThreadPoolExecutor),
        "ProcessPoolExecutor": lambda: executor(futures.ProcessPoolExecutor),
        "asyncio": lambda: asyncio.run(tasks()),
    }
    if hasattr(futures, "InterpreterPoolExecutor"):  # Python 3.14 and later
        interpreters = futures.InterpreterPoolExecutor
        ways["InterpreterPoolExecutor"] = lambda: executor(interpreters)
    took, times_as_fast = [], {way: [] for way in ways}
    for _ in range(3):
        one_by_one = seconds(one_after_another)
        took.append(one_by_one)
        for way, work in ways.items():
            times_as_fast[way].append(one_by_one / seconds(work))
    for way, figures in times_as_fast.items():
        print(f"{way}:", *(f"{figure:.2f}" for figure in figures))
    print(f"one after another took {max(took):.3f} s at most")
