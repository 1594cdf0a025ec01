import threading

ROUNDS = 20
counter = 0


def increment():
    global counter
    for _ in range(100_000):
        counter += 1


def one_round():
    global counter
    counter = 0
    threads = [threading.Thread(target=increment) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter


lost = sum(one_round() < 500_000 for _ in range(ROUNDS))
print(f"Rounds that lost updates: {lost} of {ROUNDS}")
