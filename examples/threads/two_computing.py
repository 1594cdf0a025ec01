import threading


def count_down(number):
    while number:
        number -= 1


threads = [
    threading.Thread(target=count_down, args=(20_000_000,)) for _ in range(2)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("Both have counted down")
