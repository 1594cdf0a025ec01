import multiprocessing


def share(event):
    global eight_is_done
    eight_is_done = event


def square(number):
    if number == 1:
        eight_is_done.wait()
    if number in (1, 8):
        print(f"square({number}) is done")
    if number == 8:
        eight_is_done.set()
    return number * number


if __name__ == "__main__":
    event = multiprocessing.Event()
    with multiprocessing.Pool(4, share, (event,)) as pool:
        results = pool.map(square, range(1, 9), chunksize=1)
    print(results)
