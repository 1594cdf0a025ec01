import queue
import threading

tasks = queue.Queue()


def consumer():
    while tasks.get() is not None:
        pass


threads = [threading.Thread(target=consumer) for _ in range(3)]
for thread in threads:
    thread.start()

tasks.put(None)
for thread in threads:
    thread.join(timeout=0.5)
alive = sum(thread.is_alive() for thread in threads)
print("consumers after one None:", alive)

for _ in range(2):
    tasks.put(None)
for thread in threads:
    thread.join()
alive = sum(thread.is_alive() for thread in threads)
print("consumers after one None each:", alive)
