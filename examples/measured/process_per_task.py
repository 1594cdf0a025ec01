import multiprocessing
import time

TASKS = range(20)


def task(number):
    return number * number


def process_for_each_task(context):
    for number in TASKS:
        process = context.Process(target=task, args=(number,))
        process.start()
        process.join()


def pool_of_two(context):
    with context.Pool(2) as pool:
        pool.map(task, TASKS)


def duration(work, context):
    start = time.perf_counter()
    work(context)
    return time.perf_counter() - start


if __name__ == "__main__":
    for method in ("fork", "forkserver", "spawn"):
        context = multiprocessing.get_context(method)
        duration(pool_of_two, context)  # also starts the method's helpers
        pooled = duration(pool_of_two, context)
        ratio = duration(process_for_each_task, context) / pooled
        print(f"{method}, times as long: {ratio:.1f}")
