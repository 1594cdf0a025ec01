import threading


def greet(name):
    print(f"Hello, {name}")


thread = threading.Thread(target=greet, args=("Alice"))
thread.start()
thread.join()
print("The main thread carries on")
