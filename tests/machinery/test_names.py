"""Holds the links below a script to what it uses: each name that is sure, and never a wrong one."""

import concurrent.futures
import multiprocessing
import multiprocessing.pool
import queue
import threading
import zlib
from pathlib import Path

import pytest

from exhibits import inventory, names
from exhibits.project import Problem

# Pieces of scripts, and all that each uses of Python's documentation.
USED = {
    "import threading\nthreading.Thread().start()": ["threading.Thread", "threading.Thread.start"],
    "import threading as t\nt.Lock()": ["threading.Lock"],
    "from threading import Thread as T\none = T()\none.join()": [
        "threading.Thread",
        "threading.Thread.join",
    ],
    "import concurrent.futures\nconcurrent.futures.wait([])": ["concurrent.futures.wait"],
    "from concurrent import futures\nfutures.Future": ["concurrent.futures.Future"],
    "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor() as pool:\n    print(pool.submit(len, '').result())": [
        "concurrent.futures.ThreadPoolExecutor",
        "concurrent.futures.Executor.submit",
        "concurrent.futures.Future.result",
    ],
    "import threading\nall = [threading.Thread() for _ in range(2)]\n"
    "for one in all:\n    one.start()": [
        "threading.Thread",
        "threading.Thread.start",
    ],
    "import threading\na = threading.Thread()\n"
    "for one in (a, threading.Thread()):\n    one.join()": [
        "threading.Thread",
        "threading.Thread.join",
    ],
    "import threading\n[one.join() for one in [threading.Thread()]]": [
        "threading.Thread.join",
        "threading.Thread",
    ],
    "import threading, multiprocessing\n"
    "for kind in (threading.Thread, multiprocessing.Process):\n    kind().start()": [
        "threading.Thread",
        "multiprocessing.Process",
        "threading.Thread.start",
        "multiprocessing.Process.start",
    ],
    "import multiprocessing\nwith multiprocessing.Pool() as pool:\n    pool.map(len, [])": [
        "multiprocessing.pool.Pool",
        "multiprocessing.pool.Pool.map",
    ],
    "import multiprocessing\ncontext = multiprocessing.get_context()\ncontext.Process().start()": [
        "multiprocessing.get_context",
        "multiprocessing.Process",
        "multiprocessing.Process.start",
    ],
    "import queue\nwaiting = queue.LifoQueue()\nwaiting.task_done()": [
        "queue.LifoQueue",
        "queue.Queue.task_done",
    ],
    "import threading\nlock = threading.Lock()\ndef work():\n    lock.acquire()": [
        "threading.Lock",
        "threading.Lock.acquire",
    ],
    "import threading\nlock = None\ndef work():\n    global lock\n"
    "    lock = threading.Lock()\n    lock.locked()": ["threading.Lock", "threading.Lock.locked"],
    "import time\ntry:\n    time.sleep(1)\nexcept OSError:\n    pass": ["time.sleep"],
    "import threading\nprint(threading.current_thread().name)": [
        "threading.current_thread",
        "threading.Thread.name",
    ],
}
# Pieces of scripts that look as if they used a documented name, and do not for sure.
TRAPS = {
    "a variable of a module's name": "import time\ntime = 5\ntime.sleep",
    "a local variable of a module's name": "import time\ndef f():\n    time = g()\n    time.sleep",
    "a parameter that hides an import": "import time\ndef f(time):\n    time.sleep(1)",
    "a lambda's parameter": "import time\nf = lambda time: time.sleep(1)",
    "a keyword parameter": "import time\ndef f(*, time=None):\n    time.sleep(1)",
    "a loop's variable": "import time\nfor time in f():\n    time.sleep(1)",
    "a comprehension's variable": "import time\n[time.sleep(1) for time in f()]",
    "two variables in a loop": "import time\nfor n, time in f():\n    time.sleep(1)",
    "a with block's variable": "import time\nwith f() as time:\n    time.sleep(1)",
    "names that come with a star": "import time\nfrom mine import *\ntime.sleep(1)",
    "a function of that name": "import time\ndef time():\n    pass\ntime.sleep(1)",
    "a class of that name": "import time\nclass time:\n    pass\ntime.sleep(1)",
    "an error of that name": "import time\ntry:\n    f()\nexcept E as time:\n    time.sleep(1)",
    "a pattern's name": "import time\nmatch f():\n    case [time]:\n        time.sleep(1)",
    "a pattern's rest": "import time\nmatch f():\n    case {**time}:\n        time.sleep(1)",
    "a walrus": "import time\nif time := f():\n    time.sleep(1)",
    "changed in place": "import time\ntime += 1\ntime.sleep(1)",
    "changed by a global statement": "import time\ndef f():\n    global time\n    time = 1\n"
    "time.sleep(1)",
    "changed by a nonlocal statement": "def f():\n    import time\n    def g():\n"
    "        nonlocal time\n        time = 1\n    time.sleep(1)",
    "an attribute of an unknown object": "thread.start()",
    "an attribute of an attribute": "import threading\nclass A:\n    def f(self):\n"
    "        self.thread.start()",
    "a class's own variable": "class A:\n    import time\n    def f(self):\n        time.sleep(1)",
    "a module of one's own": "from .time import sleep\nsleep(1)",
    "a module of that name in a package": "import mine.time\nmine.time.sleep(1)",
    "what nobody documents": "import threading\nthreading.nonsense()",
    "a variable that refers to itself": "one = one\none.start()",
    "text": "'threading.Thread()'  # threading.Thread()",
    "not Python at all": "import time: time.sleep(",
}


@pytest.mark.parametrize(("source", "used"), USED.items())
def test_finds_what_a_script_uses(source: str, used: list[str]) -> None:
    assert list(names.documented(source)) == used


@pytest.mark.parametrize("source", TRAPS.values(), ids=TRAPS)
def test_finds_nothing_that_is_not_sure(source: str) -> None:
    assert names.documented(source) == {}


def test_an_object_of_two_classes_has_no_methods() -> None:
    source = "import queue, threading\none = queue.Queue()\none = threading.Thread()\none.join()"
    assert list(names.documented(source)) == ["queue.Queue", "threading.Thread"]


def test_an_entered_lock_is_no_lock() -> None:
    source = "import threading\nwith threading.Lock() as lock:\n    lock.acquire()"
    assert list(names.documented(source)) == ["threading.Lock"]


def test_links_lead_to_the_entry() -> None:
    found = names.documented("import threading\nthreading.Thread().join()")
    assert found["threading.Thread.join"] == (
        "https://docs.python.org/3/library/threading.html#threading.Thread.join"
    )
    assert [names.short(name) for name in found] == ["threading.Thread", "Thread.join"]
    assert names.short("print") == "print"


def test_every_name_in_the_tables_is_documented() -> None:
    tables = {**names.DOCUMENTED_AS, **names.METHODS_FROM, **names.MAKES, **names.STANDS_FOR}
    named = {*names.METHODS_FROM, *names.MAKES, *tables.values(), *names.ENTERED_AS_ITSELF}
    assert named - set(inventory.addresses()) == set()


def test_tables_say_what_the_real_objects_do() -> None:
    assert issubclass(concurrent.futures.ThreadPoolExecutor, concurrent.futures.Executor)
    assert issubclass(concurrent.futures.ProcessPoolExecutor, concurrent.futures.Executor)
    assert issubclass(queue.LifoQueue, queue.Queue)
    assert issubclass(queue.PriorityQueue, queue.Queue)
    assert issubclass(threading.BoundedSemaphore, threading.Semaphore)
    assert issubclass(threading.Timer, threading.Thread)
    assert isinstance(threading.current_thread(), threading.Thread)
    context = multiprocessing.get_context("fork")
    assert {"Process", "Queue", "Pool", "Event", "Lock"} <= set(dir(context))
    for one in (multiprocessing.Barrier(1), multiprocessing.Condition(), multiprocessing.Event()):
        documented = {name for name in inventory.addresses() if "threading." in name}
        public = {name for name in dir(one) if not name.startswith("_")}
        methods = {
            name.rpartition(".")[2] for name in documented if f".{type(one).__name__}." in name
        }
        assert methods - public == set(), type(one)
    with multiprocessing.pool.ThreadPool(1) as pool:
        assert isinstance(pool.apply_async(len, ("",)), multiprocessing.pool.AsyncResult)


def test_each_line_of_the_list_defines_or_comments() -> None:
    lines = inventory.FILE.read_text("utf-8").splitlines()
    kinds = (inventory.DEFINITION, inventory.COMMENT)
    assert [line for line in lines if line and not any(k.fullmatch(line) for k in kinds)] == []
    defined = [one["name"] for line in lines if (one := inventory.DEFINITION.fullmatch(line))]
    assert len(defined) == len({name.lower() for name in defined}), "Markdown ignores case"
    assert all(a.startswith(inventory.DOCUMENTATION) for a in inventory.addresses().values())
    assert len(defined) > 500
    dotted = {n: a for n, a in inventory.addresses().items() if a.endswith(f"#{n}")}
    assert {"threading.Thread.join", "queue.ShutDown"} <= set(dotted)


def an_inventory(path: Path, *entries: str) -> str:
    header = b"# Sphinx inventory version 2\n# Project: Python\n# Version: 3.99\n# zlib\n"
    path.write_bytes(header + zlib.compress("\n".join(entries).encode()))
    return str(path)


def test_renewing_keeps_what_was_added_by_hand_until_the_inventory_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names_file = tmp_path / "names.md"
    monkeypatch.setattr(inventory, "FILE", names_file)
    names_file.write_text(
        "[threading.old]: https://docs.python.org/3/library/threading.html#threading.old\n\n"
        '[//]: # "By hand, newer:"\n\n'
        "[queue.ShutDown]: https://docs.python.org/3/by-hand\n"
        "[a heading]: https://docs.python.org/3/a.html#heading\n"
    )
    source = an_inventory(
        tmp_path / "objects.inv",
        "queue.ShutDown py:exception 1 library/queue.html#$ -",
        "queue.Queue py:class 1 library/queue.html#$ -",
        "wave.Error py:exception 1 library/wave.html#$ -",
        "os.cpu_count py:function 1 library/os.html#$ -",
        "os.O_RDONLY py:data 1 library/os.html#$ -",
        "global interpreter lock std:term -1 glossary.html#term-$ -",
        "PyObject c:type 1 c-api/structures.html#c.$ -",
    )
    said = inventory.renew(source)
    text = names_file.read_text()
    assert "+ queue.Queue\n" in said
    assert "- threading.old\n" in said
    assert text.startswith('[//]: # "From the objects.inv of Python 3.99')
    assert "[global interpreter lock]: https://docs.python.org/3/glossary.html#term-global-" in text
    assert "[queue.ShutDown]: https://docs.python.org/3/library/queue.html#queue.ShutDown" in text
    assert "[a heading]:" in text
    for absent in ("by-hand", "wave", "O_RDONLY", "PyObject", "threading.old"):
        assert absent not in text


@pytest.mark.parametrize("content", [b"", b"<html>", b"1\n2\n3\n4\nnot compressed"])
def test_what_is_no_inventory_changes_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "objects.inv").write_bytes(content)
    before = inventory.FILE.read_bytes()
    with pytest.raises(Problem, match=r"no inventory at .*objects\.inv"):
        inventory.renew(str(tmp_path / "objects.inv"))
    assert inventory.FILE.read_bytes() == before
