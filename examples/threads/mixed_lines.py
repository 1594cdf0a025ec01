import threading


class Paper:
    """Takes a piece from each thread, then the next from each."""

    def __init__(self):
        self.pieces = []
        self.both_wrote = threading.Barrier(2)

    def write(self, piece):
        self.pieces.append(piece)
        self.both_wrote.wait()


def print_from_two_threads(line, end):
    paper = Paper()
    settings = {"end": end, "file": paper}
    one = threading.Thread(target=print, args=(line,), kwargs=settings)
    two = threading.Thread(target=print, args=(line,), kwargs=settings)
    one.start()
    two.start()
    one.join()
    two.join()
    print("".join(paper.pieces))


print_from_two_threads("one line", end="\n")
print_from_two_threads("one line\n", end="")
