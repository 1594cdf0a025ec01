import time


def wait():
    time.sleep(0.5)


def compute():
    while time.process_time() - processor < 0.5:
        sum(range(1000))


for task in (wait, compute):
    processor = time.process_time()
    task()
    used = time.process_time() - processor
    print(f"{task.__name__}: used the processor for {used:.1f} s")
