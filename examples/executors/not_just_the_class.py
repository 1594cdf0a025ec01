from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

seen = []


def remember(number):
    seen.append(number)


if __name__ == "__main__":
    for kind in (ThreadPoolExecutor, ProcessPoolExecutor):
        seen.clear()
        with kind(max_workers=2) as executor:
            list(executor.map(remember, range(3)))
            future = executor.submit(lambda: "ran")
            error = future.exception()
            outcome = type(error).__name__ if error else future.result()
        print(f"{kind.__name__}: {len(seen)} items; lambda: {outcome}")
