import queue
import threading
import time

tasks = queue.Queue()


def producer():
    for number in range(5):
        time.sleep(0.2)
        tasks.put(f"item-{number}")
    tasks.put(None)  # the sentinel: no more items


def consumer():
    while True:
        item = tasks.get()
        if item is None:
            break
        print(f"Got {item}")
    print("No more items")


first = threading.Thread(target=producer)
second = threading.Thread(target=consumer)
first.start()
second.start()
first.join()
second.join()
