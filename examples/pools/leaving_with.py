import multiprocessing
import time


def share(event):
    global begun
    begun = event


def slow(number):
    begun.set()
    time.sleep(60)
    return number


if __name__ == "__main__":
    event = multiprocessing.Event()
    with multiprocessing.Pool(2, share, (event,)) as pool:
        result = pool.apply_async(slow, (1,))
        event.wait()  # until a worker is at it
    print("left the with block; result is ready:", result.ready())
    try:
        result.get(timeout=1)
    except multiprocessing.TimeoutError:
        print("get(timeout=1) raised multiprocessing.TimeoutError")
