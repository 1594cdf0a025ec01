import multiprocessing

STOP = object()

if __name__ == "__main__":
    tasks = multiprocessing.Queue()
    tasks.put(STOP)
    print("object() comes back as itself:", tasks.get() is STOP)
    tasks.put(None)
    print("None comes back as itself:", tasks.get() is None)
