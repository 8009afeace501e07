#!/usr/bin/python3
"""Writes lifetime_table.h: the models' results for extreme customers, computed in 50 digits and more.

    python3 lifetime_table.py > lifetime_table.h        (Debian: python3-mpmath; some minutes)

The formulas are those of the papers, with hypergeometric functions as mpmath computes them at a
precision that is raised until two of them agree; the code under test integrates instead. Parameters
run from 1e-4 to 1e5, ages to 10,000 units, orders to 3,000. A case that mpmath cannot do within a
minute is left out and said so on standard error.
"""
import random
import signal
import sys

from mpmath import binomial, exp, hyp2f1, hyperu, log, loggamma, mp, mpf

CASES = 45  # a model
PARAMETERS = ['1e-4', '0.01', '0.243', '1', '1.0000001', '4.4', '30', '1e3', '1e5']
FREQUENCIES = [0, 0, 1, 2, 7, 40, 3000]
AGES = ['0.5', '1', '38.86', '400', '10000']
HORIZONS = ['0.01', '1', '39', '520', '10000']


def ln_beta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


def nbd(r, alpha, n, t):
    return exp(loggamma(r + n) - loggamma(r) - loggamma(n + 1) + r * log(alpha / (alpha + t))
               + (n * log(t / (alpha + t)) if n else 0))


def nbd_at_least(r, alpha, n, t):
    return 1 - sum(nbd(r, alpha, j, t) for j in range(n))


def limit_at_one(f, a):
    """f divides by a - 1: the mean of both sides, the error of which is of second order."""
    if a != 1:
        return f(a)
    h = mpf(10) ** (-mp.dps // 3)
    return (f(a + h) + f(a - h)) / 2


def bgnbd(modified):
    def results(theta, x, tx, T, t, n):
        r, alpha, a, b = theta
        survived = x + modified

        def odds(x, tx, T):
            s = x + modified
            return a / (b + s - 1) * ((alpha + T) / (alpha + tx)) ** (r + x) if s else mpf(0)

        def orders(x, T, t):
            s = b + x + modified

            def f(a):
                return (a + s - 1) / (a - 1) * (1 - ((alpha + T) / (alpha + T + t)) ** (r + x)
                                                * hyp2f1(r + x, s, a + s - 1, t / (alpha + T + t)))
            if a + s == 1:
                s += mpf(10) ** (-mp.dps // 2)
            return limit_at_one(f, a)
        ll = (loggamma(r + x) - loggamma(r) + r * log(alpha) + ln_beta(a, b + survived) - ln_beta(a, b)
              - (r + x) * log(alpha + T) + log(1 + odds(x, tx, T)))
        m = n + modified
        p_n = exp(ln_beta(a, b + m) - ln_beta(a, b)) * nbd(r, alpha, n, t)
        if m:
            p_n += exp(ln_beta(a + 1, b + m - 1) - ln_beta(a, b)) * nbd_at_least(r, alpha, n, t)
        return [1 / (1 + odds(x, tx, T)), orders(x, T, t), orders(0, mpf(0), t) / (1 + odds(0, 0, mpf(0))), ll, p_n,
                mpf(-1)]
    return results


def paretonbd(theta, x, tx, T, t, n):
    r, alpha, s, b = theta
    d = mpf('0.002')

    def tail(u):
        """(r + s + x) / s times the likelihood of a death after u, over the alive one's form at u"""
        if alpha >= b:
            return (hyp2f1(r + s + x, s + 1, r + s + x + 1, (alpha - b) / (alpha + u))
                    / (alpha + u) ** (r + s + x))
        return (hyp2f1(r + s + x, r + x, r + s + x + 1, (b - alpha) / (b + u)) / (b + u) ** (r + s + x))
    alive = 1 / ((alpha + T) ** (r + x) * (b + T) ** s)
    dead = s / (r + s + x) * (tail(tx) - tail(T))

    def orders(x, T):
        def f(s):
            return (r + x) * (b + T) / ((alpha + T) * (s - 1)) * (1 - ((b + T) / (b + T + t)) ** (s - 1))
        return limit_at_one(f, s)
    ll = loggamma(r + x) - loggamma(r) + r * log(alpha) + s * log(b) + log(alive + dead)
    # DERT; U(1, 2 - s; z) = z^(s - 1) U(s, s; z)
    dert = (r + x) / (alpha + T) * (b + T) * hyperu(1, 2 - s, d * (b + T))
    # a death after n orders and before t, by the same tail of time as above with x = n, tx = 0 and its
    # binomial expansion: only for n = 0 is there a closed form without it
    p_0 = (alpha / (alpha + t)) ** r * (b / (b + t)) ** s
    p_0 += alpha ** r * b ** s * s / (r + s) * (tail0(r, alpha, s, b, mpf(0)) - tail0(r, alpha, s, b, t))
    return [alive / (alive + dead), orders(x, T), orders(0, mpf(0)), ll, p_0, dert]


def tail0(r, alpha, s, b, u):
    if alpha >= b:
        return hyp2f1(r + s, s + 1, r + s + 1, (alpha - b) / (alpha + u)) / (alpha + u) ** (r + s)
    return hyp2f1(r + s, r, r + s + 1, (b - alpha) / (b + u)) / (b + u) ** (r + s)


def bgbb(theta, x, tx, T, t, n):
    alpha, b, c, delta = theta
    T, t, tx = int(T), int(t), int(tx)
    d = exp(mpf('0.002')) - 1

    def lost(x, i):
        return exp(ln_beta(alpha + x, b + i - x) + ln_beta(c + 1, delta + i) - ln_beta(alpha, b) - ln_beta(c, delta))

    def alive(x, i):
        return exp(ln_beta(alpha + x, b + i - x) + ln_beta(c, delta + i) - ln_beta(alpha, b) - ln_beta(c, delta))
    like = alive(x, T) + sum(lost(x, i) for i in range(tx, T))

    def orders(x, T):
        total, chance = mpf(0), mpf(1)
        for k in range(t):
            chance *= (delta + T + k) / (c + delta + T + k)
            total += chance
        return (alpha + x) / (alpha + b + T) * total
    dert = ((alpha + x) / (alpha + b + T) * (delta + T) / (c + delta + T) / (1 + d)
            * hyp2f1(1, delta + T + 1, c + delta + T + 1, 1 / (1 + d)))
    p_n = binomial(t, n) * alive(n, t) + sum(binomial(i, n) * lost(n, i) for i in range(n, t)) if n <= t else mpf(0)
    return [alive(x, T) / like, orders(x, T), orders(0, 0), log(like), p_n, dert]


class TooLong(Exception):
    pass


def too_long(*_):
    raise TooLong


def agree(a, b):
    return all(abs(u - v) <= mpf('1e-25') * abs(v) for u, v in zip(a, b))


def compute(model, theta, x, tx, T, t, n):
    """at rising precision until two agree"""
    last = None
    for digits in (60, 120, 240, 480, 960, 1920):
        mp.dps = digits
        now = model([mpf(v) for v in theta], x, mpf(tx), mpf(T), mpf(t), n)
        if last and agree(last, now):
            return now
        last = now
    raise TooLong


def main():
    random.seed(20)
    signal.signal(signal.SIGALRM, too_long)
    print('/* written by lifetime_table.py: see there */')
    for name, model in (('bg/nbd', bgnbd(0)), ('mbg/nbd', bgnbd(1)), ('pareto/nbd', paretonbd), ('bg/bb', bgbb)):
        done = 0
        while done < CASES:
            theta = [random.choice(PARAMETERS) for _ in range(4)]
            x, T, t, n = (random.choice(v) for v in (FREQUENCIES, AGES, HORIZONS, [0, 1, 3, 12]))
            tx = str(mpf(T) * random.choice([1, 250, 500, 999]) / 1000)
            if name == 'bg/bb':
                T, t = random.choice([1, 6, 52, 500]), random.choice([1, 6, 52, 2000])
                x = min(x, T)
                tx = random.randint(x, T)
            if name == 'pareto/nbd':
                n = 0
            if x == 0:
                tx = '0'
            # what the code is given are doubles
            theta, tx, T, t = [repr(float(v)) for v in theta], repr(float(tx)), repr(float(T)), repr(float(t))
            try:
                signal.alarm(60)
                values = compute(model, [float(v) for v in theta], x, float(tx), float(T), float(t), n)
                signal.alarm(0)
            except (TooLong, ValueError, OverflowError, ZeroDivisionError, mp.NoConvergence) as e:
                signal.alarm(0)
                print('left out', name, theta, x, tx, T, t, repr(e), file=sys.stderr)
                continue
            text = [mp.nstr(v, 20, min_fixed=0, max_fixed=0) if abs(v) > mpf('1e-300') else '0' for v in values]
            print('{"%s", {%s}, %d, %s, %s, %s, %d, {%s}},' % (name, ', '.join(theta), x, tx, T, t, n, ', '.join(text)),
                  flush=True)
            done += 1


if __name__ == '__main__':
    main()
