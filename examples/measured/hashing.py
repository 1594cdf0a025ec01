import hashlib
import threading
import time

BLOCKS = [bytes(100_000_000)] * 2


def one_after_another():
    for block in BLOCKS:
        hashlib.sha256(block)


def threads():
    workers = [
        threading.Thread(target=hashlib.sha256, args=(block,))
        for block in BLOCKS
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def duration(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


ratios = [duration(one_after_another) / duration(threads) for _ in range(5)]
print("threads:", *(f"{ratio:.2f}" for ratio in ratios))
