import queue
import threading

tasks = queue.Queue()
received = []


def consumer():
    while True:
        try:
            received.append(tasks.get())
        except queue.ShutDown:
            break


threads = [threading.Thread(target=consumer, daemon=True) for _ in range(3)]
for thread in threads:
    thread.start()
for number in range(9):
    tasks.put(number)
tasks.shutdown()
for thread in threads:
    thread.join()
print("received", sorted(received))

try:
    tasks.put("one more")
except queue.ShutDown:
    print("put() raised queue.ShutDown")
