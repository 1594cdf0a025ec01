import multiprocessing
import os
import time

os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # hide the many errors

context = multiprocessing.get_context("spawn")
pool = context.Pool(2)
first = {child.pid for child in multiprocessing.active_children()}
replaced = set()
while not replaced:
    time.sleep(0.1)
    now = {child.pid for child in multiprocessing.active_children()}
    replaced = now - first
print("Workers died and were replaced:", len(replaced) > 0)
pool.terminate()
