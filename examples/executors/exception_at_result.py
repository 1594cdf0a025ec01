from concurrent.futures import ThreadPoolExecutor


def invert(number):
    return 1 / number


with ThreadPoolExecutor() as executor:
    future = executor.submit(invert, 0)
print("left the with block; nothing was raised")

try:
    future.result()
except ZeroDivisionError as error:
    print("result() raised ZeroDivisionError:", error)
