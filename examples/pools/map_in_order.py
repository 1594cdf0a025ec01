import multiprocessing
import time


def square(number):
    time.sleep(2 if number == 1 else 0.1)
    if number in (1, 8):
        print(f"square({number}) is done")
    return number * number


if __name__ == "__main__":
    with multiprocessing.Pool(processes=4) as pool:
        results = pool.map(square, range(1, 9), chunksize=1)
    print(results)
