import multiprocessing
import time


def slow(number):
    time.sleep(0.5)
    return number


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        result = pool.apply_async(slow, (1,))
        pool.close()  # no more tasks
        pool.join()  # wait for those it has
    print("left the with block; result is ready:", result.ready())
    print("get() returned", result.get())
