import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def count_down(number):
    before = time.thread_time()
    while number:
        number -= 1
    return time.thread_time() - before  # seconds on a processor


def cores_kept_busy(executor):
    start = time.perf_counter()
    worked = sum(executor.map(count_down, [1_000_000, 1_000_000]))
    return worked / (time.perf_counter() - start)


if __name__ == "__main__":
    for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
        with kind(max_workers=2) as executor:
            best = max(cores_kept_busy(executor) for _ in range(12))
        print(f"cores busy, {kind.__name__}: {best:.1f}")
