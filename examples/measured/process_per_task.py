import multiprocessing
import time

TASKS = range(10)


def task(number):
    return number * number


def process_for_each_task(context):
    for number in TASKS:
        process = context.Process(target=task, args=(number,))
        process.start()
        process.join()


def seconds(work, *arguments):
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


if __name__ == "__main__":
    for method in ("fork", "forkserver", "spawn"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            pool.map(task, TASKS)  # not measured: the workers have to start
            pooled = min(seconds(pool.map, task, TASKS) for _ in range(3))
        ratio = seconds(process_for_each_task, context) / pooled
        print(f"{method}, times as long: {ratio:.0f}")
