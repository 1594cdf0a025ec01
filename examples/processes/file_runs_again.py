import multiprocessing

print(f"    this file runs, as {__name__}")


def work():
    print("    the child works")


if __name__ == "__main__":
    for method in ("fork", "spawn"):
        print(f"{method}:")
        context = multiprocessing.get_context(method)
        for _ in range(2):
            process = context.Process(target=work)
            process.start()
            process.join()
