import multiprocessing
import queue


def methods(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


if __name__ == "__main__":
    between_threads = methods(queue.Queue())
    between_processes = methods(multiprocessing.Queue())
    print("both have:", *sorted(between_threads & between_processes))
    for name in ("task_done", "join", "shutdown"):
        print(
            f"{name}: queue.Queue {name in between_threads}, "
            f"multiprocessing.Queue {name in between_processes}"
        )
