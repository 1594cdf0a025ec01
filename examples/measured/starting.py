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


def start_workers(count, kind):
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


def measure(label, count, start, *kind):
    start(1, *kind)  # not measured: the first may also start helpers
    cores, figures = [], []
    for _ in range(5):
        before, processor = time.perf_counter(), time.process_time()
        start(count, *kind)
        used = time.process_time() - processor
        cores.append(used / (time.perf_counter() - before))
        each = (time.perf_counter() - before) / count * 1_000_000
        figures.append(round(each, 1) if each < 50 else round(each))
    print(f"{label}:", *figures)
    return min(cores)


if __name__ == "__main__":
    measure("thread", 100, start_workers, threading.Thread)
    for method in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context(method)
        measure(f"process ({method})", 1, start_workers, context.Process)
    if interpreters:
        measure("interpreter", 5, start_interpreters)
    tasks = measure(
        "task", 5_000, lambda count: asyncio.run(start_tasks(count))
    )
    print(f"starting tasks had {tasks:.2f} of a core")
