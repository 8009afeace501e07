#!/usr/bin/python3
"""Writes lifetime_future_table.h: what becomes of customers that are alive, computed in 50 digits and more.

    python3 lifetime_future_table.py > lifetime_future_table.h        (Debian: python3-mpmath; a minute)

Of a customer with x repeat orders that is alive at T: the probability of being alive at T + t too,
and that of exactly n orders until then. As in lifetime_table.py, formulas with hypergeometric
functions and plain sums are evaluated at rising precision until two agree; what has no closed form,
a death after n orders under pareto/nbd, is integrated over the time of death by mpmath's own rules.
"""
import random
import signal
import sys

from mpmath import binomial, exp, hyp2f1, inf, log, mp, mpf, quad

from lifetime_table import (AGES, FREQUENCIES, HORIZONS, PARAMETERS, TooLong, compute, ln_beta, nbd, nbd_at_least,
                            too_long)

CASES = 30  # a model


def bgnbd(modified):
    def results(theta, x, tx, T, t, n):
        r, alpha, a, b = theta
        r, alpha, b = r + x, alpha + T, b + x + modified
        p_n = exp(ln_beta(a, b + n) - ln_beta(a, b)) * nbd(r, alpha, n, t)
        if n:
            p_n += exp(ln_beta(a + 1, b + n - 1) - ln_beta(a, b)) * nbd_at_least(r, alpha, n, t)
        return [hyp2f1(r, a, a + b, -t / alpha), p_n]
    return results


def paretonbd(theta, x, tx, T, t, n):
    r, alpha, s, b = theta
    r, alpha, b = r + x, alpha + T, b + T
    alive = (b / (b + t)) ** s

    def dead(v):
        u = exp(v)
        return u * nbd(r, alpha, n, u) * s / (b + u) * (b / (b + u)) ** s
    top = log(t)
    return [alive, alive * nbd(r, alpha, n, t) + quad(dead, [-inf] + [top - k for k in (60, 40, 25, 15, 10, 6, 3, 1, 0)])]


def bgbb(theta, x, tx, T, t, n):
    alpha, b, c, delta = theta
    T, t = int(T), int(t)
    alpha, b, delta = alpha + x, b + T - x, delta + T

    def orders_and(x, i, lost, stayed):
        return binomial(i, x) * exp(ln_beta(alpha + x, b + i - x) - ln_beta(alpha, b)
                                    + ln_beta(c + lost, delta + stayed) - ln_beta(c, delta))
    p_n = mpf(0)
    if n <= t:
        p_n = orders_and(n, t, 0, t) + sum(orders_and(n, i, 1, i) for i in range(n, t))
    return [exp(ln_beta(c, delta + t) - ln_beta(c, delta)), p_n]


def main():
    random.seed(21)
    signal.signal(signal.SIGALRM, too_long)
    print('/* written by lifetime_future_table.py: see there */')
    for name, model in (('bg/nbd', bgnbd(0)), ('mbg/nbd', bgnbd(1)), ('pareto/nbd', paretonbd), ('bg/bb', bgbb)):
        done = 0
        while done < CASES:
            theta = [random.choice(PARAMETERS) for _ in range(4)]
            x, T, t, n = (random.choice(v) for v in (FREQUENCIES, AGES, HORIZONS, [0, 1, 3, 12]))
            if name == 'bg/bb':
                T, t = random.choice([1, 6, 52, 500]), random.choice([1, 6, 52, 2000])
                x = min(x, T)
            # what the code is given are doubles
            theta, T, t = [repr(float(v)) for v in theta], repr(float(T)), repr(float(t))
            try:
                signal.alarm(20)
                values = compute(model, [float(v) for v in theta], x, 0.0, float(T), float(t), n)
                signal.alarm(0)
            except (TooLong, ValueError, OverflowError, ZeroDivisionError, mp.NoConvergence) as e:
                signal.alarm(0)
                print('left out', name, theta, x, T, t, n, repr(e), file=sys.stderr)
                continue
            text = [mp.nstr(v, 20, min_fixed=0, max_fixed=0) if abs(v) > mpf('1e-290') else '0' for v in values]
            print('{"%s", {%s}, %d, %s, %s, %d, {%s}},' % (name, ', '.join(theta), x, T, t, n, ', '.join(text)), flush=True)
            done += 1


main()
