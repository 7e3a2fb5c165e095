"""Grading a class: learners' code runs in a sandbox, what it computed is judged outside. The guide is `docs/instructors.md`.

The way of a submission to its mark. It never returns to a file that it has left:

1. `commands.py` reads the command line.
2. `classroom.py` keeps the records and takes what has none yet.
3. `reading/submissions.py` finds each learner's submission in the folder.
4. `pool.py` grades many at a time.
5. `grade.py` makes one record from one submission.
6. `passes.py` runs the submission in workers, one after the other.
7. `sandbox/launch.py` follows one worker to its end.
8. `sandbox/process.py` starts the worker, fresh or forked.
9. `inside/worker_fork_server.py` forks it inside the sandbox.
10. `inside/worker.py` runs the submission and sends evidence.
11. `reading/notebook.py` reads the cells of the submission.
12. `reading/locate.py` finds the answers in them.
13. `reading/python_code.py` reads one cell as Python.
14. `verdicts.py` judges each case by the evidence.
15. `outcomes.py` makes the result of a task from its verdicts.
16. `results/records.py` keeps the record.
17. `results/gradebook.py` joins records, learners and decisions.
18. `results/exports.py` writes the marks for other systems.
19. `results/pages.py` writes the pages for people.

Files that these look things up in are no stations of the way: `master.py`, `cases.py`, `evidence.py`, `wording.py`,
`sandbox/backends.py`, `sandbox/protocol.py`. `gate.py` sends known answers along the same way from station 4 on.
"""
