import multiprocessing


def producer(tasks):
    for number in range(3):
        tasks.put(f"item-{number}")
    tasks.put(None)


def consumer(tasks):
    while True:
        item = tasks.get()
        if item is None:
            break
        print(f"Got {item}")


if __name__ == "__main__":
    tasks = multiprocessing.Queue()
    first = multiprocessing.Process(target=producer, args=(tasks,))
    second = multiprocessing.Process(target=consumer, args=(tasks,))
    first.start()
    second.start()
    first.join()
    second.join()
