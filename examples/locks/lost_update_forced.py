import threading

counter = 0
both_have_read = threading.Barrier(2)


def increment():
    global counter
    value = counter  # read
    both_have_read.wait()
    counter = value + 1  # write


threads = [threading.Thread(target=increment) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("Two increments, and the counter is", counter)
