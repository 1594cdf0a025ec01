import multiprocessing


def work():
    print("The child works")


process = multiprocessing.Process(target=work)
process.start()
process.join()
print("The child's exit code is", process.exitcode)
