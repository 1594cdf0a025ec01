import threading

permission = threading.Event()
thread = threading.Thread(target=permission.wait)
thread.start()

print("join(timeout=0.5) returned", thread.join(timeout=0.5))
print("still running:", thread.is_alive())

permission.set()
thread.join()
print("still running:", thread.is_alive())
