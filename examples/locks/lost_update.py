import threading
import time

balance = 0


def deposit(amount):
    global balance
    value = balance  # read
    time.sleep(0.1)  # a query, a log line, a call over the network
    balance = value + amount  # write


threads = [threading.Thread(target=deposit, args=(1,)) for _ in range(10)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"Ten deposits of 1, and the balance is {balance}")
