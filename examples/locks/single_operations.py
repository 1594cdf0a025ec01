import threading

items = []
squares = {}


def fill(first):
    for number in range(first, first + 20_000):
        items.append(number)
        squares[number] = number * number


threads = [threading.Thread(target=fill, args=(n * 20_000,)) for n in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("list.append kept", len(items), "of 100000")
print("dict[key] = value kept", len(squares), "of 100000")
