import threading

lock = threading.Lock()
both_have_read = threading.Barrier(2)


def increment():
    with lock:
        try:
            both_have_read.wait(timeout=1)
        except threading.BrokenBarrierError:
            print("gave up waiting for the other thread")


threads = [threading.Thread(target=increment) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
