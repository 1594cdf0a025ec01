import multiprocessing
import queue

if __name__ == "__main__":
    tasks = multiprocessing.Queue()
    tasks.put(lambda: "work")
    print("put() raised nothing")
    try:
        tasks.get(timeout=1)
    except queue.Empty:
        print("and nothing arrived")
