import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def slow(number):
    time.sleep(0.5)
    return number


if __name__ == "__main__":
    for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
        with kind(max_workers=2) as executor:
            future = executor.submit(slow, 1)
        print(f"{kind.__name__}: left the with block; done: {future.done()}")
