import asyncio
import multiprocessing
import resource  # not on Windows
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor

LONG = 600  # seconds; each process ends before its waits do


def peak():
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 if sys.platform == "darwin" else most  # in KiB


def threads(count):
    before = peak()
    for _ in range(count):
        thread = threading.Thread(target=time.sleep, args=(LONG,))
        thread.daemon = True  # it does not keep its process alive
        thread.start()
    time.sleep(0.1)  # now the last one waits, too
    return f"{(peak() - before) / count:.1f}"


async def waiting_tasks(count):
    before = peak()
    tasks = [asyncio.create_task(asyncio.sleep(LONG)) for _ in range(count)]
    await asyncio.sleep(0)  # now all of them wait
    return f"{(peak() - before) / len(tasks):.1f}"


def tasks(count):
    return asyncio.run(waiting_tasks(count))


def in_fresh_process(work, count):
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as executor:
        return executor.submit(work, count).result()


if __name__ == "__main__":
    for kind, count in ((threads, 1_000), (tasks, 1_000), (tasks, 10_000)):
        figures = [in_fresh_process(kind, count) for _ in range(3)]
        print(f"{count:,} {kind.__name__}:", *figures)
