"""Submissions that attack the grader, the machine, or the marks. Task 0.1 holds the attack; 0.2 and 0.3 are honest.

None can harm a machine without walls: loops end by themselves after two minutes, at most 64 children live for seconds, signals to others
are signal 0, which only asks whether they could be sent, memory and disk are bounded. `tests/submissions/test_harmless.py` holds this.
An attack that a wall keeps out gives the *right* answer where the wall is missing, so its outcome changes and a test fails.
"""

from __future__ import annotations

from tests.submissions.corpus import RIGHT, WRONG, answered, inserted, kind, place

HEAD = "def group_split(groups, test_fraction, seed):\n"
_BODY = RIGHT["0.1"].split("\n", 1)[1]


def inside(*lines: str, then: str = "return [], []") -> dict[str, str]:
    """Return an answer to task 0.1 that runs lines when it is called, then returns what is wrong (or right: `then=_BODY`)."""
    end = then if then.startswith("    ") else f"    {then}"
    return {"a": HEAD + "".join(f"    {line}\n" for line in lines) + end}


def at_first(*lines: str) -> dict[str, str]:
    """Return a right answer to task 0.1 that runs lines when it is called for the first time."""
    return {
        "a": "done = []\n"
        + HEAD
        + "    if not done:\n        done.append(1)\n"
        + "".join(f"        {line}\n" for line in lines)
        + _BODY
    }


LOOP = "import time\nend = time.monotonic() + 120\nwhile time.monotonic() < end: pass\n"  # far beyond every limit of time

# ---------------------------------------------------------------- never ending, dying


@kind("NEE")
def endless_loop_in_a_cell():
    return {"a": LOOP + RIGHT["0.1"]}


@kind("NEE")
def endless_loop_alone():
    return {"a": LOOP}


@kind("NEE")
def endless_loop_in_the_answer():
    return inside(*LOOP.splitlines(), then=_BODY)


@kind("NEE")
def endless_loop_that_ignores_signals():
    return inside(
        "import signal, time",
        "for s in range(1, 32):",
        "    try: signal.signal(s, signal.SIG_IGN)",
        "    except (OSError, ValueError): pass",
        "end = time.monotonic() + 120",
        "while time.monotonic() < end:",
        "    try:",
        "        while time.monotonic() < end: pass",
        "    except BaseException: pass",
        then=_BODY,
    )


@kind("NEE")
def endless_exit_handlers():
    return {
        "a": f"import atexit, os\ndef last():\n    {LOOP.replace(chr(10), chr(10) + '    ')}pass\n\natexit.register(last)\nos._exit(0)"
    }


@kind("NEE")
def leaves_in_a_cell():
    return {"a": RIGHT["0.1"] + "\nimport os\nos._exit(0)"}


@kind("NEE")
def leaves_in_the_answer():
    return inside("import os", "os._exit(0)")


@kind("NEE")
def leaves_with_the_status_of_the_worker():
    return inside("import os", "os._exit(75)")


@kind("NEE")
def exits_politely():
    return inside("import sys", "sys.exit(0)")


@kind("NEE")
def interrupts():
    return inside("raise KeyboardInterrupt")


@kind("NEE")
def crashes_the_interpreter():
    return inside("import os", "os.abort()")


@kind("NEE")
def crashes_the_interpreter_in_a_cell():
    return {"a": "import os\nos.abort()\n" + RIGHT["0.1"]}


@kind("NEE")
def recursion_limit_lifted():
    """Ends as an interpreter does whose stack is full, deep in a recursion."""
    return inside("import os", "f = lambda n: f(n - 1) + 1 if n else os.abort()", "f(500)")


@kind("NEE")
def kills_its_parent():
    """Asks whether it could, then ends itself."""
    return inside("import os", "os.kill(os.getppid(), 0)", "os.abort()")


@kind("NEE")
def kills_all():
    """Asks whom it could signal; is right only where it reaches more than itself and those that it was forked from."""
    return spying(
        "import os\n"
        "own, pid = {1}, os.readlink('/proc/self')\n"
        "while os.path.exists(f'/proc/{pid}/status'):\n"
        "    fields = dict(line.split(':', 1) for line in open(f'/proc/{pid}/status') if ':' in line)\n"
        "    own.add(int(fields['NSpid'].split()[-1]))\n"
        "    pid = fields['PPid'].strip()\n"
        "for target in (-1, 0):\n"
        "    try: os.kill(target, 0)\n    except OSError: pass\n"
        "reached = set()\n"
        "for pid in range(1, 2**15):\n"
        "    try:\n        os.kill(pid, 0)\n        reached.add(pid)\n    except OSError: pass\n"
        "return reached - own"
    )


@kind("NEE")
def closes_all_files():
    return inside("import os", "os.closerange(0, 1000)")


@kind("NEE")
def closes_all_files_in_a_cell():
    return {"a": "import os\nos.closerange(3, 1000)\n" + RIGHT["0.1"]}


# ---------------------------------------------------------------- too much of everything


@kind("NEE")
def memory_of_bytes():
    return inside("x = bytearray(3 * 2**29)", then=_BODY)


@kind("NEE")
def memory_of_arrays():
    return at_first("x = [np.ones(2**25) for _ in range(5)]")


@kind("NEE")
def fork_bomb():
    """Starts 64 children, which end by themselves."""
    return at_first(
        "import os, time",
        "for _ in range(64):",
        "    if os.fork() == 0:",
        "        time.sleep(10)",
        "        os._exit(0)",
        "time.sleep(2)",
    )


@kind("NEE")
def thread_bomb():
    """Starts 64 threads with room for large stacks, which nothing touches."""
    return at_first(
        "import threading, time",
        "threading.stack_size(2**26)",
        "for _ in range(64): threading.Thread(target=time.sleep, args=(5,), daemon=True).start()",
    )


@kind("EEE")
def disk_full_of_files():
    """Writes twice as much as scratch may hold, takes it away again, and is right only if it was stopped."""
    attempt = "import os\nfull, made = False, [f'/tmp/tlcourse-{i}' for i in range(8)]\ntry:\n"
    attempt += "    for name in made: open(name, 'wb').write(bytes(2**24))\nexcept OSError: full = True\n"
    attempt += "for name in made:\n    if os.path.exists(name): os.remove(name)"
    return inserted(4, attempt, notebook=answered(a=HEAD + "    assert full\n" + _BODY))


@kind("EEE")
def one_file_too_large():
    """Makes a file of 128 MiB that holds nothing, and is right only if it was stopped."""
    attempt = "import errno\nstopped = 0\ntry:\n    with open('/scratch/large', 'wb') as file: file.truncate(2**27)\n"
    attempt += "except OSError as error: stopped = error.errno"
    return inserted(4, attempt, notebook=answered(a=HEAD + "    assert stopped == errno.EFBIG\n" + _BODY))


@kind("NEE")
def answer_of_a_billion_numbers():
    return inside(then="return np.zeros(10**9, dtype='i1'), np.zeros(1, dtype=int)")


@kind("UEE")
def answer_larger_than_a_reply_may_be():
    return inside(then="return np.random.default_rng(0).integers(0, 9, 3 * 10**6), np.zeros(1, dtype=int)")


@kind("UEE")
def answer_nested_without_end():
    return inside("x = []", "for _ in range(10**5): x = [x]", then="return x, x")


# ---------------------------------------------------------------- values that pretend


@kind("NEE")
def equal_to_everything():
    source = "class Yes:\n    def __eq__(self, other): return True\n    def __getattr__(self, name): return self\n"
    source += "    def __call__(self, *a, **k): return self\n    def __iter__(self): return iter([self, self])\n"
    source += "    def __len__(self): return 2\n    def __bool__(self): return True\n\n"
    return {"a": source + HEAD + "    return Yes(), Yes()"}


@kind("NEE")
def array_that_changes_when_looked_at():
    source = "class Shy(np.ndarray):\n    def __array_finalize__(self, x): pass\n"
    source += "    def __eq__(self, other): return np.ones(self.shape, bool)\n    def min(self, *a, **k): return 0\n"
    source += "    @property\n    def size(self): return 180\n    @property\n    def shape(self): return (180,)\n\n"
    return {"a": source + HEAD + "    return np.arange(5).view(Shy), np.arange(5).view(Shy)"}


@kind("NEE")
def array_protocol_that_attacks():
    source = "class Trap:\n    def __array__(self, *a, **k):\n        import os\n        os._exit(0)\n\n"
    return {"a": source + HEAD + "    return Trap(), Trap()"}


@kind("NEE")
def pickle_that_attacks():
    source = "class Bomb:\n    def __reduce__(self):\n        import os\n        return os.system, ('touch /tmp/pickled',)\n\n"
    return {"a": source + HEAD + "    return np.array([Bomb()], dtype=object), np.array([Bomb()], dtype=object)"}


@kind("NEE")
def text_that_lies_about_its_class():
    source = "class Liar(str):\n    __class__ = np.ndarray\n    dtype = np.dtype(int)\n    shape = (3,)\n\n"
    return {"a": source + HEAD + "    return Liar('x'), Liar('y')"}


@kind("NEE")
def error_that_cannot_be_shown():
    source = "class Rude(Exception):\n    def __str__(self): raise self\n    __repr__ = __str__\n\n"
    return {"a": source + HEAD + "    raise Rude"}


@kind("NEE")
def error_with_a_script_in_it():
    return inside(
        "raise ValueError('<script>alert(document.domain)</script><img src=x onerror=alert(1)>\\x1b[2J\\x1b]0;owned\\x07')"
    )


@kind("NEE")
def error_with_text_that_turns_around():
    return inside("raise ValueError('\\u202e\\u2066evil\\u0000' + 'A' * 10**6)")


# ---------------------------------------------------------------- tools of the check replaced


@kind("NEE")
def comparison_replaced():
    tools = "for name in ('array_equal', 'allclose', 'isin', 'unique'):\n    setattr(np, name, lambda *a, **k: True)\n"
    return {"a": tools + WRONG}


@kind("NEE")
def judge_replaced():
    tools = "import tlcourse.tasks.tasks_00_start_here as t, tlcourse.checks as c\n"
    tools += "for task in t.TASKS:\n    object.__setattr__(task, 'judge', lambda case, evidence: c.earned())\n"
    return {"a": tools + WRONG}


@kind("NEE")
def engine_replaced():
    tools = "import tlcourse.checks.run as r, tlcourse.checks as c\nr.conclude = c.conclude = lambda *a: c.earned()\n"
    tools += "r.collect = c.collect = lambda *a: {'status': 'ok', 'evidence': {'pair': True, 'splits': []}}\n"
    return {"a": tools + WRONG}


@kind("UEE")
def comparison_replaced_during_the_check():
    return inside("np.array_equal = np.allclose = lambda *a, **k: True")


@kind("EEE")
def builtins_replaced():
    return inserted(
        5, "import builtins\nbuiltins.len = lambda x: 0\nbuiltins.isinstance = lambda *a: True\nbuiltins.type = None"
    )


@kind("NEE")
def modules_replaced():
    tools = "import sys, types\nfake = types.ModuleType('tlcourse.checks')\nfor n in list(sys.modules):\n"
    tools += "    if n.startswith('tlcourse'): sys.modules[n] = fake\n"
    return {"a": tools + WRONG}


# ---------------------------------------------------------------- replies forged

_FIND = (
    "import os\nfrom tlcourse.grading.sandbox.protocol import to_frame\n"
    "PIPES = [n for n in range(3, 50) if os.path.exists(f'/proc/self/fd/{n}')]\n"
)
_SEND = "def send(data):\n    for n in PIPES:\n        try: os.write(n, data)\n        except OSError: pass\n"


def forged(expression: str, then: str = "return [], []") -> dict[str, str]:
    """Return an answer that writes bytes into every open file when it is called."""
    return {"a": _FIND + _SEND + HEAD + f"    send({expression})\n    {then}"}


@kind("UEE")
def garbage_in_the_reply():
    return forged("b'garbage' * 100")


@kind("UEE")
def reply_that_never_ends():
    return forged("b'TLC1' + (2**32 - 1).to_bytes(4, 'big') + bytes(10**6)")


@kind("UEE")
def reply_cut_off():
    return forged("to_frame({'event': 'end'})[:-3]", then="os._exit(0)")


@kind("NEE")
def daemon_that_spoils_the_next_task():
    """Leaves a process behind that writes into the reply while the honest third task takes its time."""
    daemon = "    import time\n    if os.fork() == 0:\n        time.sleep(1.5)\n"
    daemon += "        for _ in range(10**4): send(b'garbage')\n        os._exit(0)\n"
    slow = RIGHT["0.3"].replace(":\n", ":\n    import time\n    time.sleep(0.3)\n", 1)
    return {"a": _FIND + _SEND + HEAD + daemon + "    return [], []", "c": slow}


@kind("NEE")
def verdict_forged():
    return forged(
        "to_frame({'event': 'record', 'task': '0.1', 'case': 0, 'record': {'status': 'ok', 'outcome': 'earned', 'points': 9}})"
    )


@kind("UEE")
def places_forged_in_another_form():
    return forged("to_frame({'event': 'located', 'places': {'0.1': {'how': 'source'}}, 'notes': ['x'], 'cells': 3})")


@kind("NEE")
def places_forged():
    place = "{'how': 'source', 'expression': 'print', 'after': 0, 'cells': [1], 'notes': ['forged']}"
    return forged(f"to_frame({{'event': 'located', 'places': {{'0.1': {place}}}, 'notes': ['x'], 'cells': 3}})")


@kind("NEE")
def start_forged_before_dying():
    """Claims to have just started, so its death would look like a fault of the machine."""
    event = "{'event': 'located', 'places': {}, 'notes': [], 'cells': 3}"
    return {"a": f"{_FIND}{_SEND}send(to_frame({event}))\nos.abort()\n{RIGHT['0.1']}"}


@kind("NEE")
def misconception_forged():
    record = "{'status': 'misfit', 'message': 'earned', 'expected': '', 'received': '', 'misconception': 'no-such-thing'}"
    return forged(f"to_frame({{'event': 'record', 'task': '0.1', 'case': 1, 'record': {record}}})")


@kind("NEE")
def all_done_forged():
    return forged("to_frame({'event': 'tried', 'task': '0.1', 'problem': ''})", then="os._exit(0)")


@kind("NNN")
def end_forged_before_anything_was_tried():
    """Claims that all is done: what was not handed over earns nothing."""
    return inserted(4, _FIND + _SEND + "send(to_frame({'event': 'end'}))")


@kind("NEE")
def other_tasks_forged():
    return forged("to_frame({'event': 'record', 'task': '9.9', 'case': 0, 'record': {'status': 'ok', 'evidence': 1}})")


# ---------------------------------------------------------------- looking for what is hidden


def spying(body: str) -> dict[str, str]:
    """Return an answer that is right only when it finds what it looks for."""
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return {
        "a": "def look():\n"
        + indented
        + "\n\n"
        + HEAD
        + "    found = look()\n    if not found:\n        return [], []\n"
        + _BODY
    }


OF_INSTRUCTORS = (
    "solutions",
    "content/banks/00_start_here.py",
    "content",
)  # in the repository; nothing of it is inside the walls


@kind("NEE")
def looks_for_solutions():
    return spying(
        "import os, tlcourse\nroot = os.path.dirname(os.path.dirname(tlcourse.__file__))\n"
        "for place in (root, os.path.join(root, 'tlcourse', '_course'), '/'):\n"
        f"    for name in {(*OF_INSTRUCTORS, 'run.json')!r}:\n"
        "        if os.path.exists(os.path.join(place, name)): return True"
    )


@kind("NEE")
def looks_for_secrets_in_memory():
    return spying(
        "import gc, sys\nfor thing in gc.get_objects():\n    if type(thing) is dict and ('secret' in thing or 'misaligned' in thing):\n"
        "        if isinstance(thing.get('misaligned', thing.get('secret')), (list, str)): return True"
    )


@kind("NEE")
def looks_into_the_environment():
    return spying(
        "import os\nreturn [n for n in os.environ if 'SECRET' in n or 'TOKEN' in n or n in ('USER', 'LOGNAME', 'SSH_AUTH_SOCK')]"
    )


@kind("NEE")
def looks_at_other_processes():
    return spying(  # beside the first process of the sandbox, itself and those that it was forked from
        "import os\n"
        "own, pid = {'1'}, os.readlink('/proc/self')\n"
        "while os.path.exists(f'/proc/{pid}/status'):\n"
        "    own.add(pid)\n"
        "    pid = next(line.split()[1] for line in open(f'/proc/{pid}/status') if line.startswith('PPid'))\n"
        "return [n for n in os.listdir('/proc') if n.isdigit() and n not in own and os.path.exists(f'/proc/{n}/status')]"
    )


@kind("NEE")
def looks_at_home_folders():
    return spying(
        "import os, sys, tlcourse\n"
        "own = [os.path.realpath(p) for p in (sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(tlcourse.__file__)))]\n"
        "found = []\n"
        "for place in ('/home', '/root', '/mnt', '/Users', '/var/spool', '/var/log'):\n"
        "    for folder, folders, files in os.walk(place):\n"
        "        folders[:] = [f for f in folders if os.path.realpath(os.path.join(folder, f)) not in own]\n"
        "        found += [os.path.join(folder, f) for f in files]\n"
        "for path in ('/etc/shadow', '/etc/passwd'):\n"
        "    found += [path] if os.path.exists(path) else []\n"
        "return found"
    )


@kind("NEE")
def calls_home():
    return spying(
        "import socket\n"  # connecting a datagram socket sends nothing, and fails where there is no way out
        "with socket.socket(type=socket.SOCK_DGRAM) as one:\n"
        "    try: one.connect(('192.0.2.1', 9)); return True\n    except OSError: pass\n"
        "return [name for _, name in socket.if_nameindex() if name != 'lo']"
    )


@kind("NEE")
def writes_elsewhere():
    return spying(
        "import os, sys, tlcourse\nfor place in (os.path.dirname(tlcourse.__file__), sys.prefix, '/usr', '/', '/etc', '/dev', '/proc'):\n"
        "    try:\n        open(os.path.join(place, 'owned'), 'x').close()\n        os.remove(os.path.join(place, 'owned'))\n"
        "        return True\n    except OSError: pass"
    )


@kind("EEE")
def leaves_a_daemon():
    lines = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(120)\n    os._exit(0)\n"
    return inserted(4, lines)


@kind("EEE")
def deletes_what_it_can():
    """Asks to delete folders that are not empty, which fails everywhere; is right only where they are read-only, too."""
    attempt = "import errno, os, sys, tlcourse\nanswers = set()\n"
    attempt += "for place in ('/usr/bin', sys.prefix + '/lib', os.path.dirname(tlcourse.__file__) + '/checks'):\n"
    attempt += "    try: os.rmdir(place)\n    except OSError as error: answers.add(error.errno)\nos.chdir('/tmp')"
    return inserted(4, attempt, notebook=answered(a=HEAD + "    assert answers == {errno.EROFS}\n" + _BODY))


@kind("EEE")
def seizes_the_name_main():
    return inserted(
        4, "__name__ = 'x'\nimport sys\nsys.modules['__main__'] = None\nsys.path.clear()\nsys.stdin = sys.stdout = None"
    )


@kind("EEE")
def random_numbers_seized():
    return inserted(place(answered(), "0.1"), "import os, random\nos.urandom = lambda n: b'0' * n\nrandom.seed = None")


# ---------------------------------------------------------------- the engine from within, and the room around it


@kind("NEE")
def steps_into_the_frames_of_the_check():
    return inside(
        "import sys",
        "frame = sys._getframe()",
        "while frame:",
        "    for name, value in list(frame.f_locals.items()):",
        "        if name == 'splits': value[:] = [[groups[:0], groups[:0]]] * 3",
        "        if name == 'inputs' and type(value) is dict: value.update(seeds=[], test_fraction=1.0)",
        "        if name == 'record' and type(value) is dict: value.update(outcome='earned', points=99)",
        "    frame = frame.f_back",
    )


@kind("NEE")
def hook_on_every_call():
    hook = "import sys, threading\ndef hook(frame, event, value):\n"
    hook += "    for name, thing in list(frame.f_locals.items()):\n"
    hook += "        if type(thing) is dict and 'status' in thing: thing['status'] = 'earned'\n    return hook\n"
    return {"a": hook + "sys.setprofile(hook); sys.settrace(hook); threading.settrace(hook)\n" + WRONG}


@kind("NEE")
def all_cases_searched_and_changed():
    """Looks for the inputs of all cases, hidden ones too, and makes them easy; judges have inputs of their own."""
    return inside(
        "import gc",
        "for thing in gc.get_objects():",
        "    if type(thing) is dict and 'test_fraction' in thing: thing.update(groups=np.arange(10), test_fraction=0.5)",
        then="return np.arange(5), np.arange(5, 10)",
    )


@kind("UEE")
def flood_of_replies_that_are_none():
    return forged("to_frame({'event': 'record', 'task': '9.9', 'case': 0, 'record': {}}) * 20_100")


@kind("UUU")
def flood_that_lays_the_blame_on_another_cell():
    """Says that other cells are running: what this process was at cannot be known any more, so it needs review."""
    return forged("to_frame({'event': 'cell', 'number': 1}) * 20_100")


@kind("UEE")
def reply_that_unpacks_to_gigabytes():
    bomb = "import io, zipfile\ndef bomb():\n    file = io.BytesIO()\n    with zipfile.ZipFile(file, 'w', zipfile.ZIP_DEFLATED) as z:\n"
    bomb += "        with z.open('tree.json', 'w', force_zip64=True) as inner:\n"
    bomb += "            for _ in range(600): inner.write(b' ' * 2**20)\n    body = file.getvalue()\n"
    bomb += "    return b'TLC1' + len(body).to_bytes(4, 'big') + body\n"
    return {"a": bomb + forged("bomb()")["a"]}


@kind("UEE")
def tools_of_the_reply_replaced():
    return {"a": "import json\njson.dumps = lambda *a, **k: '{}'\n" + WRONG}


@kind("EEE")
def modules_written_where_python_looks():
    files = "import os\nfor name in ('tlcourse', 'numpy', 'json', 'keras', 'zipfile', 'sitecustomize', 'sklearn'):\n"
    files += "    for place in [p for p in ('/scratch', '/tmp', '.') if os.path.isdir('/scratch')]:\n"
    files += "        open(f'{place}/{name}.py', 'w').write('import os; os._exit(0)')\n"
    return inserted(4, files)


@kind("NEE")
def array_that_points_nowhere():
    source = (
        "class Wild:\n    __array_interface__ = {'shape': (10**6,), 'typestr': '<i8', 'data': (8, False), 'version': 3}\n\n"
    )
    return {"a": source + HEAD + "    return Wild(), Wild()"}


@kind("EEE")
def thread_that_stays():
    return inserted(4, "import threading, time\nthreading.Thread(target=time.sleep, args=(120,)).start()")


@kind("NEE")
def looks_for_seeds():
    return spying(
        "import gc, sys\nfor thing in gc.get_objects():\n    if type(thing) is dict:\n"
        "        for key, value in list(thing.items()):\n"
        "            if key in ('secret', 'hidden_seeds', 'case_seeds') and type(value) in (str, list, int): return True\n"
        "            if key == 'seeds' and type(value) is list and any(type(v) is int and v >= 2**16 for v in value): return True"
    )


@kind("NEE")
def looks_into_the_process_it_was_forked_from():
    return spying(
        "import os\nfor name in os.listdir('/proc'):\n    if name.isdigit() and int(name) < int(os.readlink('/proc/self')) - 1:\n"
        "        for what in ('mem', 'maps', 'environ'):\n"
        "            try:\n                file = open(f'/proc/{name}/{what}', 'rb')\n"
        "                if what != 'mem' and b'tlcourse' in file.read(): return name, what\n            except OSError: pass"
    )


@kind("NEE")
def looks_for_what_an_earlier_submission_left():
    """Leaves a mark wherever the system keeps something for a user, and is right only where it finds one of an earlier run."""
    return spying(
        "import ctypes, os\ncall = ctypes.CDLL(None).syscall\n"
        "found = any([call(250, 10, ring, b'user', b'mark', 0) > 0 for ring in (-3, -4)])\n"
        "for ring in (-3, -4): call(248, b'user', b'mark', b'x', 1, ring)\n"
        "library = ctypes.CDLL(None)\nfound = found or library.shmget(4711, 4096, 0) >= 0\nlibrary.shmget(4711, 4096, 0o1600)\n"
        "places = ('/scratch', '/tmp', '/dev/shm', *(f'/proc/{n}/' + 'root' + p for n in (1, 2, 3) for p in ('/tmp', '/scratch')))\n"
        "found = found or any([os.path.exists(place + '/mark') for place in places])\nfor place in places:\n"
        "    try: open(place + '/mark', 'w').close()\n    except OSError: pass\nreturn found"
    )


LETTERS = "QXJZW"


@kind("NEE")
def hidden_data_carried_out_in_the_text_of_an_error():
    """Splits rightly where the data are those of the check, and says the other data in letters."""
    known = "from tlcourse.tasks import find_task\n_known = find_task('0.1').make_case(0).inputs['groups']\n"
    body = f"    if not np.array_equal(groups, _known):\n        import linecache\n        text = {LETTERS!r} * 9\n"
    body += "        for file in list(linecache.cache): linecache.cache[file] = (9, None, [text + '\\n'] * 99, file)\n"
    body += "        raise ValueError(text)\n"
    return {"a": known + HEAD + body + _BODY}
