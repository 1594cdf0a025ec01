import multiprocessing


def add_squares(n):
    return sum(i * i for i in range(n))


if __name__ == "__main__":
    sizes = [3_000_000, 1_000_000, 2_000_000, 1_000_000, 2_000_000, 3_000_000]
    with multiprocessing.Pool(processes=2) as pool:
        sums = pool.map(add_squares, sizes, chunksize=1)
    for n, total in zip(sizes, sums, strict=True):
        print(f"n={n}: {total}")
