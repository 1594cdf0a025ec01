import asyncio
import multiprocessing
import threading
import time

WAITS = 10


def one_after_another():
    for _ in range(WAITS):
        time.sleep(0.1)


def all_at_once(kind):
    workers = [kind(target=time.sleep, args=(0.1,)) for _ in range(WAITS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


async def tasks():
    await asyncio.gather(*(asyncio.sleep(0.1) for _ in range(WAITS)))


def duration(work, *args):
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


if __name__ == "__main__":
    one_by_one = duration(one_after_another)
    for way, seconds in {
        "threads": duration(all_at_once, threading.Thread),
        "processes": duration(all_at_once, multiprocessing.Process),
        "asyncio tasks": duration(asyncio.run, tasks()),
    }.items():
        print(f"{way}, times as fast: {one_by_one / seconds:.1f}")
