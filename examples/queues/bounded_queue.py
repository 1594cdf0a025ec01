import queue
import threading
import time

tasks = queue.Queue(maxsize=2)
accepted = []


def producer():
    for number in range(5):
        tasks.put(number)
        accepted.append(number)


thread = threading.Thread(target=producer)
thread.start()
while len(accepted) < 2:
    time.sleep(0.1)

time.sleep(0.5)
print("accepted:", accepted, "- full:", tasks.full())
print("producer waits:", thread.is_alive())

received = [tasks.get() for _ in range(5)]
thread.join()
print("received:", received)
print("producer waits:", thread.is_alive())
