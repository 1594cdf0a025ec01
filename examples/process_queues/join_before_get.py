import multiprocessing


def producer(results):
    results.put("x" * 1_000_000)


if __name__ == "__main__":
    results = multiprocessing.Queue()
    process = multiprocessing.Process(target=producer, args=(results,))
    process.start()
    process.join(timeout=2)  # without a timeout: for ever
    print("joined before get(); still running:", process.is_alive())
    print("get() returned", len(results.get()), "characters")
    process.join()
    print("joined after get(); still running:", process.is_alive())
