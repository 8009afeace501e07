#!/usr/bin/python3
"""Writes cnbd_table.h: figures of regular buyers under bg/cnbd-k and mbg/cnbd-k, computed in 50 digits.

    python3 cnbd_table.py > cnbd_table.h        (Debian: python3-mpmath; some minutes)

Nothing here is as in the code under test: that adds up negative binomials; this integrates over the
customer's rate, for which everything is a Poisson process of phases. The integral is a trapezoidal sum over
the logarithm of the rate, which for such integrands has no error that 50 digits show; that the density
adds up to what a gamma function says is asserted.
"""
import random

from mpmath import exp, factorial, log, loggamma, mp, mpf, pi, rf, sqrt

CASES = 6  # a model


def few(mean, k):
    """the odds of 0 to k - 1 events against none"""
    return [mean ** j / factorial(j) for j in range(k)]


def poisson(mean, most=None):
    """the chances of 0, 1, ... events, as far as they count"""
    term, result = exp(-mean), []
    while len(result) != most and (term > mpf('1e-48') or len(result) < mean):
        result.append(term)
        term *= mean / len(result)
    return result


def integrate(shape, rate, f):
    """The sum of rate^shape / gamma(shape) u^(shape - 1) e^(-rate u) f(u), f being a list of numbers."""
    h = min(mpf(1) / 14, 2 * pi / sqrt(260 * shape))
    middle = log(shape / rate)
    sums, norm = None, mpf(0)
    for direction in (1, -1):
        i = 0 if direction == 1 else -1
        while True:
            u = exp(middle + i * h)
            weight = h * exp(shape * log(rate * u) - rate * u - loggamma(shape))
            if weight < mpf('1e-48') and (direction < 0 or rate * u > shape):
                break
            values = f(u)
            norm += weight
            sums = [weight * v for v in values] if sums is None else [s + weight * v for s, v in zip(sums, values)]
            i += direction
    assert abs(norm - 1) < mpf('1e-30'), norm
    return sums


def results(modified, theta, k, x, tx, T, t, n):
    r, alpha, a, b = theta
    survived = x + modified
    step = loggamma(r + k * x) - loggamma(r) + r * log(alpha)

    def lived(u):
        """at most k - 1 phases in the time since the last order against none, at the rate u"""
        return sum(few(u * (T - tx), k))

    # the likelihood of the order times, of phases k - 1 of each gap being unseen
    shape = r + k * x
    alive = exp(step - shape * log(alpha + T)) * integrate(shape, alpha + T, lambda u: [lived(u)])[0]
    alive *= rf(b, survived) / rf(a + b, survived)
    dead = mpf(0)
    if survived:
        dead = exp(step - shape * log(alpha + tx)) * a * rf(b, survived - 1) / rf(a + b, survived)
    loglik = log(alive + dead)
    if x:
        loglik += (k - 1) * x * log(tx) + loggamma(x) - loggamma(k * x)

    def future(x, tx, T, survived):
        stays = [mpf(1)]
        shape = r + k * x

        def figures(u):
            gone = few(u * (T - tx), k)
            tail = poisson(u * t)
            for i in range(len(tail) - 1, 0, -1):
                tail[i - 1] += tail[i]
            most = (len(tail) + k) // k + n + 2
            while len(stays) <= most:
                m = len(stays) - 1
                stays.append(stays[-1] * (b + survived + m) / (a + b + survived + m))
            # at least m orders offered
            offered = [sum(gone)]
            for m in range(1, most + 1):
                offered.append(sum(p * tail[max(k * m - j, 0)] for j, p in enumerate(gone) if k * m - j < len(tail)))
            return [offered[0],
                    sum(offered[m] * stays[m - 1] for m in range(1, most)),
                    sum(offered[m] * 2 * (m - 1) * stays[m - 1] for m in range(2, most)),
                    sum((offered[m] - offered[m + 1]) * stays[m] for m in range(most)),
                    (offered[n] - offered[n + 1]) * stays[n] + (offered[n] * (stays[n - 1] - stays[n]) if n else 0)]
        total, *rest = integrate(shape, alpha + T, figures)
        return [v / total for v in rest]
    new = future(0, mpf(0), mpf(0), modified)
    alive_new = b / (a + b) if modified else mpf(1)
    return [alive / (alive + dead), loglik, *future(x, tx, T, survived), alive_new * new[0],
            alive_new * new[3] + (1 - alive_new if n == 0 else 0)]


def main():
    random.seed(16)
    mp.dps = 50
    print('/* written by cnbd_table.py: see there */')
    for name, modified in (('bg/cnbd-k', 0), ('mbg/cnbd-k', 1)):
        for _ in range(CASES):
            theta = [random.choice(v) for v in ([0.3, 1.2, 4.4], [0.5, 3.0, 20.0], [0.01, 0.6, 2.0], [0.5, 1.8, 8.0])]
            k, x, T, t, n = (random.choice(v) for v in ([1, 2, 3, 7, 12], [0, 1, 5, 30], [5.0, 39.0, 200.0],
                                                        [0.01, 1.0, 13.0, 52.0], [0, 1, 4]))
            tx = T * random.choice([0.25, 0.875, 1.0]) if x else 0.0
            values = results(modified, [mpf(v) for v in theta], k, x, mpf(tx), mpf(T), mpf(t), n)
            print('{"%s", {%s, %d}, %d, %r, %r, %r, %d, {%s}},' % (
                name, ', '.join(map(repr, theta)), k, x, tx, T, t, n,
                ', '.join(mp.nstr(v, 20, min_fixed=0, max_fixed=0) for v in values)), flush=True)


main()
