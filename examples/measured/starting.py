import asyncio
import multiprocessing
import threading
import time

try:
    from concurrent import interpreters
except ImportError:  # before Python 3.14
    interpreters = None


def nothing():
    pass


def start_workers(kind, count):
    for _ in range(count):
        worker = kind(target=nothing)
        worker.start()
        worker.join()


def start_interpreters(count):
    for _ in range(count):
        interpreter = interpreters.create()
        interpreter.call(nothing)
        interpreter.close()


async def task():
    pass


async def start_tasks(count):
    for _ in range(count):
        await asyncio.create_task(task())


def measure(label, start, count):
    start(1)  # not counted: the first one may start helpers, too
    figures = []
    for _ in range(5):
        before = time.perf_counter()
        start(count)
        figures.append((time.perf_counter() - before) / count * 1_000_000)
    print(f"{label}:", *(f"{figure:.1f}" for figure in figures))


if __name__ == "__main__":
    measure("thread", lambda n: start_workers(threading.Thread, n), 500)
    for method in multiprocessing.get_all_start_methods():
        kind = multiprocessing.get_context(method).Process
        measure(f"process ({method})", lambda n: start_workers(kind, n), 3)
    if interpreters:
        measure("interpreter", start_interpreters, 5)
    measure("task", lambda n: asyncio.run(start_tasks(n)), 5_000)
