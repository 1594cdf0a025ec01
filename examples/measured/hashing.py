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


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


cores, ratios = [], []
for _ in range(5):
    before = time.process_time()
    one_by_one = seconds(one_after_another)
    cores.append((time.process_time() - before) / one_by_one)
    ratios.append(one_by_one / seconds(threads))
print("threads:", *(f"{ratio:.2f}" for ratio in ratios))
print(f"one after another had {min(cores):.2f} of a core")
