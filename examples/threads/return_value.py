import threading


def square(number):
    return number * number


def square_into(results, number):
    results[number] = number * number


thread = threading.Thread(target=square, args=(7,))
thread.start()
print("join() returned", thread.join())

results = {}
threads = [
    threading.Thread(target=square_into, args=(results, number))
    for number in range(4)
]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("collected", sorted(results.items()))
