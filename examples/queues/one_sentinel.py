import queue
import threading
import time

tasks = queue.Queue()


def consumer():
    while tasks.get() is not None:
        pass


def waiting():
    return sum(thread.is_alive() for thread in threads)


threads = [threading.Thread(target=consumer) for _ in range(3)]
for thread in threads:
    thread.start()

tasks.put(None)
while waiting() == 3:
    time.sleep(0.1)
time.sleep(0.5)  # would another one end?
print("consumers after one None:", waiting())

for _ in range(2):
    tasks.put(None)
for thread in threads:
    thread.join()
print("consumers after one None each:", waiting())
