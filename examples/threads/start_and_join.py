import threading
import time


def worker(name, seconds):
    print(f"Thread {name}: sleeping for {seconds} s")
    time.sleep(seconds)
    print(f"Thread {name}: done")


thread_a = threading.Thread(target=worker, args=("A", 2))
thread_b = threading.Thread(target=worker, args=("B", 1))

thread_a.start()
thread_b.start()

thread_a.join()
thread_b.join()
print("Both threads are done")
