import multiprocessing
import os
import threading


def worker(kind, parent):
    same = os.getpid() == parent
    print(f"{kind}: in the same process: {same}")


if __name__ == "__main__":
    for kind in (threading.Thread, multiprocessing.Process):
        one = kind(target=worker, args=(kind.__name__, os.getpid()))
        one.start()
        one.join()
