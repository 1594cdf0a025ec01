import asyncio
import multiprocessing
import threading
import time
from concurrent import futures

NUMBERS = [3_000_000] * 2


def count_down(number):
    while number:
        number -= 1


def one_after_another():
    for number in NUMBERS:
        count_down(number)


def workers(kind):
    both = [kind(target=count_down, args=(number,)) for number in NUMBERS]
    for worker in both:
        worker.start()
    for worker in both:
        worker.join()


def executor(kind):
    with kind(max_workers=len(NUMBERS)) as pool:
        list(pool.map(count_down, NUMBERS))


async def task(number):
    count_down(number)


async def tasks():
    await asyncio.gather(*(task(number) for number in NUMBERS))


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
    cores, times_as_fast = [], {way: [] for way in ways}
    for _ in range(3):
        before = time.process_time()
        one_by_one = seconds(one_after_another)
        cores.append((time.process_time() - before) / one_by_one)
        for way, work in ways.items():
            times_as_fast[way].append(one_by_one / seconds(work))
    for way, figures in times_as_fast.items():
        print(f"{way}:", *(f"{figure:.2f}" for figure in figures))
    print(f"one after another had {min(cores):.2f} of a core")
