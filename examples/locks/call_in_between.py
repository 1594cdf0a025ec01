import sys
import threading

sys.setswitchinterval(0.000_001)  # switch threads as often as possible
counter = 0


def plus_one(number):
    return number + 1


def increment():
    global counter
    for _ in range(500_000):
        counter = plus_one(counter)


threads = [threading.Thread(target=increment) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"2500000 calls, updates lost: {counter < 2_500_000}")
