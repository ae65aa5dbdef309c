# bench: answers requests for work, one line of JSON each, until its input ends. Import it before anything else.
import json
import os
import sys
import time

# Only answers may be written to standard output. What libraries print there goes to standard error.
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)


def serve(name, works):
    """Sends the name and the works of this peer, then runs the requested works.

    Each of `works`, by name, is a function of the options of the request. It times itself, so messages and preparations
    do not count, and returns a dictionary with `seconds` and `outcome`.
    """
    settle()
    answer({'name': name, 'works': list(works)})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            result = works[request.pop('run')](**request)
            settle()
        except Exception as error:
            result = {'error': f'{type(error).__name__}: {error}'}
        answer(result)


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


def settle():
    """Waits until all threads of this process are idle, so that they do not disturb the next work.

    The threads of OpenMP spin for up to 0.2 s after their work. Environment variables can turn this off
    (OMP_WAIT_POLICY, KMP_BLOCKTIME), but then the threads also sleep between two kernels of the measured work.
    """
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.05)
        if time.process_time() - before < 0.002:
            return
    raise RuntimeError('threads are still busy 5 s after the work')
