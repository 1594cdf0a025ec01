import threading

thread = threading.Thread(target=print, args=("The thread runs",))

try:
    thread.join()
except RuntimeError as error:
    print("join() too early:", error)

thread.start()
thread.join()

try:
    thread.start()
except RuntimeError as error:
    print("start() again:", error)
