"""Which documented names of Python a script uses, as far as its text tells for sure."""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from exhibits.inventory import addresses

# What is documented under another name than the one by which scripts call it.
DOCUMENTED_AS = {"multiprocessing.Pool": "multiprocessing.pool.Pool"}
# Where the methods are documented that a class has from another.
METHODS_FROM = {
    "concurrent.futures.InterpreterPoolExecutor": "concurrent.futures.ThreadPoolExecutor",
    "concurrent.futures.ProcessPoolExecutor": "concurrent.futures.Executor",
    "concurrent.futures.ThreadPoolExecutor": "concurrent.futures.Executor",
    "multiprocessing.Barrier": "threading.Barrier",
    "multiprocessing.Condition": "threading.Condition",
    "multiprocessing.Event": "threading.Event",
    "multiprocessing.JoinableQueue": "multiprocessing.Queue",
    "queue.LifoQueue": "queue.Queue",
    "queue.PriorityQueue": "queue.Queue",
    "threading.BoundedSemaphore": "threading.Semaphore",
    "threading.Timer": "threading.Thread",
}
# What a function makes: an object of this class.
MAKES = {
    "asyncio.create_task": "asyncio.Task",
    "concurrent.futures.Executor.submit": "concurrent.futures.Future",
    "concurrent.interpreters.create": "concurrent.interpreters.Interpreter",
    "multiprocessing.current_process": "multiprocessing.Process",
    "multiprocessing.pool.Pool.apply_async": "multiprocessing.pool.AsyncResult",
    "multiprocessing.pool.Pool.map_async": "multiprocessing.pool.AsyncResult",
    "threading.current_thread": "threading.Thread",
    "threading.main_thread": "threading.Thread",
}
# What has all that a module has.
STANDS_FOR = {"multiprocessing.get_context": "multiprocessing"}
# Classes of which `with … as name` gives the object itself.
ENTERED_AS_ITSELF = {
    "concurrent.futures.InterpreterPoolExecutor",
    "concurrent.futures.ProcessPoolExecutor",
    "concurrent.futures.ThreadPoolExecutor",
    "multiprocessing.pool.Pool",
    "subprocess.Popen",
}
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


@dataclass(frozen=True)
class Thing:
    """What a name of a script stands for: that which has a dotted name, or an object made by it."""

    name: str
    made: bool = False


@dataclass(frozen=True)
class Value:
    """Everything that an expression may stand for, or of which each item is one; or nothing known.

    There are several where a loop goes over several classes.
    """

    things: tuple[Thing, ...] = ()
    series: bool = False


UNKNOWN = Value()
NONE = Value((Thing("None"),))
Binding = Callable[[], Value]


@dataclass
class Scope:
    """What a module, a function, a class or a comprehension binds, and what it stands in."""

    outer: "Scope | None" = None
    is_class: bool = False
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, "Scope"] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def bind(self, name: str, binding: Binding = lambda: UNKNOWN) -> None:
        self.elsewhere.get(name, self).bindings.setdefault(name, []).append(binding)

    def bind_everywhere(self, name: str) -> None:
        """Let nothing be known of a name, here and all around."""
        scope: Scope | None = self
        while scope:
            scope.bind(name)
            scope = scope.outer

    def value(self, name: str) -> Value:
        """What a name stands for here, if all that is bound to it, save None, is the same."""
        scope: Scope | None = self
        while scope and (name not in scope.bindings or (scope.is_class and scope is not self)):
            scope = scope.outer
        if not scope or name in scope.asked:
            return UNKNOWN
        scope.asked.add(name)
        values = {binding() for binding in scope.bindings[name]} - {NONE}
        scope.asked.discard(name)
        return values.pop() if len(values) == 1 else UNKNOWN


def documented(source: str) -> dict[str, str]:
    """Each documented name that a script uses, in order of first use, and its entry's address.

    Modules are left out: what is used of them has entries of its own. Nothing is found in a script
    that Python cannot read.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    script = _Script()
    script.read(tree, script.module)
    entries = {name: address for name, address in addresses().items() if "#module-" not in address}
    return {name: entries[name] for name in dict.fromkeys(script.names()) if name in entries}


def short(name: str) -> str:
    """A name as people say it: `Thread.start` for a method, else the whole."""
    *_, owner, last = ["", *name.split(".")]
    return f"{owner}.{last}" if owner[:1].isupper() else name


class _Script:
    """Who binds what in a script, and what is used where."""

    def __init__(self) -> None:
        self.module = Scope()
        self.uses: list[tuple[Scope, ast.Name | ast.Attribute]] = []
        self.inside: dict[Comprehension, Scope] = {}

    def names(self) -> Iterator[str]:
        """The dotted name of each thing that is used, in order of place."""
        if "*" in self.module.bindings:
            return  # what was imported with a star may hide anything
        for scope, node in sorted(self.uses, key=lambda use: _end(use[1])):
            yield from (thing.name for thing in self.value(scope, node).things if not thing.made)

    def read(self, node: ast.AST, scope: Scope) -> None:
        """Note all that a part of the script binds and uses."""
        match node:
            case ast.Import(names=names):
                for one in names:
                    top = one.name.partition(".")[0]
                    known = Value((Thing(one.name if one.asname else top),))
                    scope.bind(one.asname or top, _always(known))
            case ast.ImportFrom(module=module, names=names, level=level):
                for one in names:
                    known = UNKNOWN if level else Value((Thing(f"{module}.{one.name}"),))
                    scope.bind(one.asname or one.name, _always(known))
            case ast.Global(names=names):
                scope.elsewhere |= dict.fromkeys(names, self.module)
            case ast.Nonlocal(names=names):
                for name in names:
                    scope.bind_everywhere(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                scope.bind(name, lambda: self.value(scope, value))
                self.read(value, scope)
            case ast.For(target=target, iter=series) | ast.AsyncFor(target=target, iter=series):
                self._loop(target, scope, series, scope)
                for part in (series, *node.body, *node.orelse):
                    self.read(part, scope)
            case ast.withitem(context_expr=context, optional_vars=ast.Name(id=name)):
                scope.bind(name, lambda: _entered(self.value(scope, context)))
                self.read(context, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                scope.bind(node.name)
                self._read_all([*node.decorator_list, node.args, node.returns], scope)
                self._read_all(node.body, _within(scope, node.args))
            case ast.Lambda(args=arguments, body=body):
                self.read(arguments, scope)
                self.read(body, _within(scope, arguments))
            case ast.ClassDef():
                scope.bind(node.name)
                self._read_all([*node.decorator_list, *node.bases, *node.keywords], scope)
                self._read_all(node.body, Scope(scope, is_class=True))
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._read_comprehension(node, scope)
            case ast.Name(id=name, ctx=ast.Load()):
                self.uses.append((scope, node))
            case ast.Name(id=name):
                scope.bind(name)
            case _:
                if isinstance(node, ast.Attribute):
                    self.uses.append((scope, node))
                for name in ("name", "rest"):  # of an except clause, of a pattern
                    if isinstance(bound := getattr(node, name, None), str):
                        scope.bind(bound)
                self._read_all(ast.iter_child_nodes(node), scope)

    def value(self, scope: Scope, node: ast.expr) -> Value:
        """What an expression stands for."""
        match node:
            case ast.Constant(value=None):
                return NONE
            case ast.Name(id=name):
                return scope.value(name)
            case ast.Attribute(value=owner, attr=attribute):
                return _each(self.value(scope, owner), lambda thing: _attribute(thing, attribute))
            case ast.Call(func=function):
                return _each(self.value(scope, function), _made_by)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                values = [self.value(scope, item) for item in items]
                if all(value.things and not value.series for value in values):
                    return Value(tuple(thing for value in values for thing in value.things), True)
            case ast.ListComp(elt=item) | ast.SetComp(elt=item) | ast.GeneratorExp(elt=item):
                value = self.value(self.inside[node], item)
                return UNKNOWN if value.series else Value(value.things, series=True)
        return UNKNOWN

    def _read_all(self, nodes: Iterable[ast.AST | None], scope: Scope) -> None:
        for node in nodes:
            if node:
                self.read(node, scope)

    def _read_comprehension(self, node: Comprehension, scope: Scope) -> None:
        inner = scope
        for clause in node.generators:
            outer, inner = inner, Scope(inner)
            self.read(clause.iter, outer)
            self._loop(clause.target, inner, clause.iter, outer)
            self._read_all(clause.ifs, inner)
        items = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._read_all(items, inner)
        self.inside[node] = inner

    def _loop(self, target: ast.expr, scope: Scope, series: ast.expr, outer: Scope) -> None:
        if isinstance(target, ast.Name):
            scope.bind(target.id, lambda: _item(self.value(outer, series)))
        else:
            self.read(target, scope)


def _within(scope: Scope, arguments: ast.arguments) -> Scope:
    """The scope of a function: nothing is known of what it is called with."""
    inner = Scope(scope)
    for node in ast.walk(arguments):
        if isinstance(node, ast.arg):
            inner.bind(node.arg)
    return inner


def _end(node: ast.expr) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _always(value: Value) -> Binding:
    return lambda: value


def _each(value: Value, of_thing: Callable[[Thing], Thing | None]) -> Value:
    """What the things give, those that give something known."""
    given = tuple(dict.fromkeys(found for thing in value.things if (found := of_thing(thing))))
    return UNKNOWN if value.series else Value(given)


def _item(value: Value) -> Value:
    return Value(value.things) if value.series else UNKNOWN


def _entered(value: Value) -> Value:
    itself = all(thing.made and thing.name in ENTERED_AS_ITSELF for thing in value.things)
    return value if itself else UNKNOWN


def _attribute(thing: Thing, attribute: str) -> Thing | None:
    owner: str | None = thing.name
    while owner:
        name = DOCUMENTED_AS.get(found := f"{owner}.{attribute}", found)
        if not thing.made or name in addresses():
            return Thing(name)
        owner = METHODS_FROM.get(owner)
    return None


def _made_by(thing: Thing) -> Thing | None:
    """What a call gives: by convention, a name with a capital is a class."""
    if thing.made:
        return None
    if thing.name in STANDS_FOR:
        return Thing(STANDS_FOR[thing.name])
    if thing.name in MAKES:
        return Thing(MAKES[thing.name], made=True)
    is_class = thing.name.rpartition(".")[2][:1].isupper()
    return Thing(thing.name, made=True) if is_class else None
