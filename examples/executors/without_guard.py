from concurrent.futures import ProcessPoolExecutor


def square(number):
    return number * number


with ProcessPoolExecutor(max_workers=1) as executor:
    print(list(executor.map(square, range(5))))
