import multiprocessing
import time


def slow(number):
    time.sleep(5)
    return number


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        result = pool.apply_async(slow, (1,))
        time.sleep(0.5)  # by now, a worker is at it
    print("left the with block; result is ready:", result.ready())
    try:
        result.get(timeout=1)
    except multiprocessing.TimeoutError:
        print("get(timeout=1) raised multiprocessing.TimeoutError")
