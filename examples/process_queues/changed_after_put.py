import multiprocessing
import threading

emptied = threading.Event()


class Basket:
    def __init__(self):
        self.items = ["apple", "pear"]

    def __getstate__(self):
        print("pickled by", threading.current_thread().name)
        emptied.wait()  # let the main thread be first
        return {"items": self.items}


if __name__ == "__main__":
    tasks = multiprocessing.Queue()
    basket = Basket()
    tasks.put(basket)
    basket.items.clear()
    emptied.set()
    print("received", tasks.get().items)
