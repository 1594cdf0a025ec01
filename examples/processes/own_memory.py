import multiprocessing
import threading

basket = ["bread"]


def shop(who):
    basket.append(f"milk, by {who}")
    print(f"the {who} sees", basket)


if __name__ == "__main__":
    for kind in (multiprocessing.Process, threading.Thread):
        one = kind(target=shop, args=(kind.__name__,))
        one.start()
        one.join()
        print("the main program sees", basket)
