import threading


def work():
    print(f"work() runs in {threading.current_thread().name}")


for target in (work(), work):
    thread = threading.Thread(target=target, name="the new thread")
    thread.start()
    thread.join()
