import multiprocessing


def work():
    print("The child works")


context = multiprocessing.get_context("spawn")  # as on macOS and Windows
process = context.Process(target=work)
process.start()
process.join()
print("The child's exit code is", process.exitcode)
