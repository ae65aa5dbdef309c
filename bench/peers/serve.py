# bench: answers requests for work, a line of JSON each, until its input ends. To be imported before anything else.
import json
import os
import sys
import time

# Libraries print what they like to standard output; only answers may go there.
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)


def serve(name, works):
    """Says who is here, then does the works that are asked for.

    Each of `works`, by name, is a function of the request's options. It times itself, so that neither the way here nor
    its preparations count, and gives back a dictionary with the `seconds` and the `outcome`.
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
    """Waits until no thread here works any more, so that the next in turn has the machine to itself.

    After their work OpenMP's threads spin for up to 0.2 s, in the hope of more. Environment variables can forbid it
    (OMP_WAIT_POLICY, KMP_BLOCKTIME), but then they also sleep between two kernels of the work that is measured.
    """
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.05)
        if time.process_time() - before < 0.002:
            return
    raise RuntimeError('threads still compute 5 s after the work')
