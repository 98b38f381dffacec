#!/usr/bin/env python3
"""The training step of docs/model.md in JAX: two scans with a hand-written adjoint, one product for the weight gradient.

    pip install "jax[cuda13]"        (or jax[cpu]; scipy for --check)
    scripts/peers/jax_step.py --check
    scripts/peers/jax_step.py > jax.jsonl
    scripts/peers/jax_step.py --precision tf32 > jax_tf32.jsonl

`highest` is f32, what aon computes; `tf32` is what JAX takes for products on cards that have it unless asked otherwise.
"""

import os

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp
from problem import BETA1, BETA2, CLIP, EPSILON, LAMBDA, RATE, TAU_RANGE, WIDTH, arguments, check, golden, made_up, series, timed


def network_step(p):
    """Functions of one network's parameters: loss and gradient, and a step of Adam."""
    stimulus, targets, r0, x0 = map(jnp.asarray, (p.stimulus, p.targets, p.r0, p.x0))
    across, sign, executed = jnp.asarray(p.across), jnp.asarray(p.sign), p.sequences
    bins, conditions, neurons = p.targets.shape
    recorded = slice(p.thermal, p.thermal + WIDTH * bins)

    def gradient(parameters):
        W, W_in, W_in2, current, theta = parameters
        passes = ~(across & (W <= 0))
        effective = jnp.where(passes, W, 0)
        squashed = jax.nn.sigmoid(theta)
        alpha = 1 / (1 + TAU_RANGE * squashed)
        driven = jnp.concatenate([stimulus @ W_in.T, (stimulus @ W_in2.T)[:, : conditions - executed]], 1)[:-1]

        def forward(carry, drive):
            x, r = carry
            change = alpha * (r @ effective.T + drive - x)
            x = x + change
            r = jax.nn.sigmoid(x + current)
            return (x, r), (r, change)

        _, (rates, changes) = jax.lax.scan(forward, (x0, r0), driven)
        rates = jnp.concatenate([r0[None], rates])
        residuals = rates[recorded].reshape(bins, WIDTH, conditions, neurons).mean(1) - targets
        data = jnp.sqrt(jnp.sum(residuals**2))
        direct = jnp.zeros_like(rates).at[recorded].set(jnp.repeat(residuals / (WIDTH * data), WIDTH, 0))

        def backward(delta, inputs):
            r, g = inputs
            s = (g + delta @ effective) * r * (1 - r)
            delta = (1 - alpha) * delta + alpha * s
            return delta, (delta, s)

        _, (deltas, slopes) = jax.lax.scan(backward, jnp.zeros_like(r0), (rates[1:], direct[1:]), reverse=True)
        norm = jnp.sqrt(sum(jnp.sum(q * q) for q in (W, W_in, W_in2)))
        pull = LAMBDA / norm
        flat = deltas.reshape(-1, neurons)
        weights = jnp.where(passes, flat.T @ rates[:-1].reshape(-1, neurons), 0) + pull * W
        first = jnp.einsum("tcn,tcu->nu", deltas[:, :executed], stimulus[:-1]) + pull * W_in
        second = jnp.einsum("tcn,tcu->nu", deltas[:, executed:], stimulus[:-1, : conditions - executed]) + pull * W_in2
        shape = -TAU_RANGE * squashed * (1 - squashed)
        taus = jnp.sum(deltas * changes, (0, 1)) * shape
        return data + LAMBDA * norm, [weights, first, second, jnp.sum(slopes, (0, 1)), taus]

    def step(parameters, first, second, k):
        loss, gradients = gradient(parameters)
        norm = jnp.sqrt(sum(jnp.sum(g * g) for g in gradients))
        gradients = [g * jnp.minimum(1, CLIP / norm) for g in gradients]
        first = [BETA1 * m + (1 - BETA1) * g for m, g in zip(first, gradients)]
        second = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(second, gradients)]
        size = RATE * jnp.sqrt(1 - BETA2**k) / (1 - BETA1**k)
        parameters = [q - size * m / (jnp.sqrt(v) + EPSILON) for q, m, v in zip(parameters, first, second)]
        return [sign * jnp.abs(parameters[0]), *parameters[1:]], first, second, loss, norm

    return gradient, step


class Training:
    """K networks."""

    def __init__(self, problem):
        gradient, step = network_step(problem)
        self.parameters = [jnp.asarray(p) for p in problem.parameters]
        self.first = [jnp.zeros_like(p) for p in self.parameters]
        self.second = [jnp.zeros_like(p) for p in self.parameters]
        self.gradients = jax.jit(jax.vmap(gradient))
        self.advance = jax.jit(jax.vmap(step, (0, 0, 0, None)), donate_argnums=(0, 1, 2))
        self.k = 0

    def gradient(self):
        loss, gradients = self.gradients(self.parameters)
        return float(loss[0]), [g[0] for g in gradients]

    def step(self):
        self.k += 1
        out = self.advance(self.parameters, self.first, self.second, jnp.float32(self.k))
        self.parameters, self.first, self.second, loss, norm = jax.block_until_ready(out)
        return float(loss[0]), float(norm[0])


def main():
    args = arguments("JAX", ["highest", "tf32"])
    jax.config.update("jax_default_matmul_precision", {"highest": "highest", "tf32": "tensorfloat32"}[args.precision])
    if args.check:
        training = Training(golden()[0])
        check(training.gradient, training.step)
    about = {"peer": "jax", "version": jax.__version__, "device": jax.devices()[0].device_kind}

    def one(networks):
        training = Training(made_up(networks, args.neurons, args.conditions, args.time_steps))
        timed(lambda: training.step()[0], args, **about, networks=networks)

    series(args, one, **about)


if __name__ == "__main__":
    main()
