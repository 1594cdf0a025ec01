import threading


def divide(number):
    return 1 / number


thread = threading.Thread(target=divide, args=(0,))
thread.start()
thread.join()
print("join() raised nothing; still running:", thread.is_alive())
