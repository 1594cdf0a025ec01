import threading

lock = threading.Lock()


def careful():
    with lock:
        raise RuntimeError("inside the with block")


def careless():
    lock.acquire()
    raise RuntimeError("between acquire() and release()")
    lock.release()


for work in (careful, careless):
    try:
        work()
    except RuntimeError as error:
        print(f"{work.__name__}: error {error}; still locked: {lock.locked()}")
