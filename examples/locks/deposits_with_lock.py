import threading
import time

balance = 0
lock = threading.Lock()


def deposit(amount):
    global balance
    with lock:
        value = balance
        time.sleep(0.1)
        balance = value + amount


threads = [threading.Thread(target=deposit, args=(1,)) for _ in range(10)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"Ten deposits of 1, and the balance is {balance}")
