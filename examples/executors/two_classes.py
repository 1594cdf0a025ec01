from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def square(number):
    return number * number


if __name__ == "__main__":
    for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
        with kind(max_workers=4) as executor:
            results = list(executor.map(square, range(10)))
        print(kind.__name__, results)
