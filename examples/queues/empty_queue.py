import queue

tasks = queue.Queue()

try:
    tasks.get_nowait()
except queue.Empty:
    print("get_nowait() raised queue.Empty")

try:
    tasks.get(timeout=0.5)
except queue.Empty:
    print("get(timeout=0.5) raised queue.Empty")

tasks.put("late, but here")
print("get() returned", repr(tasks.get()))
