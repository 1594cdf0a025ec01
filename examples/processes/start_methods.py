import multiprocessing

setting = "value in the file"


def report(method):
    print(f"{method}: the child is {__name__}, setting is {setting!r}")


if __name__ == "__main__":
    setting = "changed at run time"
    for method in ("fork", "forkserver", "spawn"):
        context = multiprocessing.get_context(method)
        process = context.Process(target=report, args=(method,))
        process.start()
        process.join()
    print("the default here is", multiprocessing.get_start_method())
