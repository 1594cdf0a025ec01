import multiprocessing


def add_squares(n):
    total = sum(i * i for i in range(n))
    print(f"n={n}: {total}")


if __name__ == "__main__":
    first = multiprocessing.Process(target=add_squares, args=(8_000_000,))
    second = multiprocessing.Process(target=add_squares, args=(10_000_000,))
    first.start()
    second.start()
    first.join()
    second.join()
    print("Both are done, exit codes", first.exitcode, second.exitcode)
