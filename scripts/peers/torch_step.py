#!/usr/bin/env python3
"""The training step of docs/model.md in PyTorch: a hand-written adjoint into arrays made once, and on a card the whole step
captured as one CUDA graph, its point by point work fused by torch.compile where that works.

    pip install torch                (scipy for --check)
    scripts/peers/torch_step.py --check
    scripts/peers/torch_step.py > torch.jsonl
    scripts/peers/torch_step.py --precision tf32 > torch_tf32.jsonl
"""

import sys

import torch
from problem import BETA1, BETA2, CLIP, EPSILON, LAMBDA, RATE, TAU_RANGE, WIDTH, arguments, check, golden, made_up, series, timed

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def forward_point(core, x, alpha, current, change, r):
    change.copy_(alpha * (core - x))
    x.add_(change)
    r.copy_(torch.sigmoid(x + current))


def backward_point(back, g, r, alpha, later, delta, slope):
    slope.copy_((g + back) * r * (1 - r))
    delta.copy_((1 - alpha) * later + alpha * slope)


class Training:
    """K networks; arrays of time are [T][K][C][N]."""

    def __init__(self, p, fuse):
        put = lambda array: torch.tensor(array, device=DEVICE)
        self.parameters = [put(q) for q in p.parameters]
        # A vector of each network stands for all of its conditions.
        self.parameters[3:] = [q[:, None, :] for q in self.parameters[3:]]
        self.first = [torch.zeros_like(q) for q in self.parameters]
        self.second = [torch.zeros_like(q) for q in self.parameters]
        self.stimulus, self.across, self.sign = put(p.stimulus), put(p.across), put(p.sign)
        self.targets = put(p.targets)[:, None]
        steps, networks, (bins, conditions, neurons) = len(p.stimulus), len(p.parameters[0]), p.targets.shape
        self.executed, self.shape = p.sequences, (networks, conditions, neurons)
        self.recorded = slice(p.thermal, p.thermal + WIDTH * bins)
        new = lambda length: torch.zeros(length, *self.shape, device=DEVICE)
        self.rates, self.direct = new(steps), new(steps)
        self.changes, self.slopes, self.deltas = new(steps - 1), new(steps - 1), new(steps)
        self.rates[0] = put(p.r0)
        self.x0, self.x = put(p.x0), new(1)[0]
        self.size = torch.zeros((), device=DEVICE)
        self.forward_point, self.backward_point = fused(self) if fuse else (forward_point, backward_point)
        self.k, self.graph = 0, None

    def gradients(self):
        """Losses [K] and gradients."""
        W, W_in, W_in2, current, theta = self.parameters
        passes = ~(self.across & (W <= 0))
        effective = torch.where(passes, W, 0)
        transposed = effective.transpose(1, 2).contiguous()
        squashed = torch.sigmoid(theta)
        alpha = 1 / (1 + TAU_RANGE * squashed)
        shown = self.stimulus[:-1]
        second = shown[:, : self.shape[1] - self.executed]
        drive = [torch.einsum("tsu,knu->tksn", u, q) for u, q in ((shown, W_in), (second, W_in2))]
        drive = torch.cat(drive, 2)
        self.x.copy_(self.x0.expand(self.shape))
        for t in range(1, len(self.rates)):
            core = torch.baddbmm(drive[t - 1], self.rates[t - 1], transposed)
            self.forward_point(core, self.x, alpha, current, self.changes[t - 1], self.rates[t])
        binned = self.rates[self.recorded].reshape(-1, WIDTH, *self.shape).mean(1)
        residuals = binned - self.targets
        data = torch.sqrt((residuals * residuals).sum((0, 2, 3)))
        scaled = residuals / (WIDTH * data[:, None, None])
        self.direct[self.recorded].view(-1, WIDTH, *self.shape).copy_(scaled[:, None])
        back = torch.zeros_like(self.x)
        # deltas[t] belongs to step t + 1; the one after the last stays zero.
        for t in range(len(self.rates) - 1, 0, -1):
            self.backward_point(back, self.direct[t], self.rates[t], alpha, self.deltas[t], self.deltas[t - 1], self.slopes[t - 1])
            if t > 1:
                back = torch.bmm(self.deltas[t - 1], effective)
        deltas = self.deltas[:-1]
        flat = lambda q: q.transpose(0, 1).reshape(self.shape[0], -1, self.shape[2])
        weights = torch.where(passes, flat(deltas).transpose(1, 2) @ flat(self.rates[:-1]), 0)
        inputs = ((deltas[:, :, : self.executed], shown), (deltas[:, :, self.executed :], second))
        inputs = [torch.einsum("tksn,tsu->knu", d, u) for d, u in inputs]
        norm = torch.sqrt(sum((q * q).sum((1, 2)) for q in self.parameters[:3]))
        pull = (LAMBDA / norm)[:, None, None]
        taus = (deltas * self.changes).sum((0, 2))[:, None] * (-TAU_RANGE * squashed * (1 - squashed))
        gradients = [g + pull * q for g, q in zip([weights, *inputs], self.parameters)]
        return data + LAMBDA * norm, [*gradients, self.slopes.sum((0, 2))[:, None], taus]

    def update(self):
        """One step with the step size that is set: losses and norms, [K]."""
        loss, gradients = self.gradients()
        norm = torch.sqrt(sum((g * g).sum((1, 2)) for g in gradients))
        scale = torch.clamp(CLIP / norm, max=1)[:, None, None]
        for q, g, m, v in zip(self.parameters, gradients, self.first, self.second):
            g = g * scale
            m.mul_(BETA1).add_(g, alpha=1 - BETA1)
            v.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
            q.sub_(self.size * m / (v.sqrt() + EPSILON))
        self.parameters[0].abs_().mul_(self.sign)
        return loss, norm

    def capture(self):
        """The step as a graph. Warming up and capturing change the networks, which are put back."""
        held = [*self.parameters, *self.first, *self.second]
        kept = [q.clone() for q in held]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self.update()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.out = self.update()
        for q, before in zip(held, kept):
            q.copy_(before)

    def step(self):
        self.k += 1
        self.size.fill_(RATE * (1 - BETA2**self.k) ** 0.5 / (1 - BETA1**self.k))
        if DEVICE == "cuda":
            if self.graph is None:
                self.capture()
            self.graph.replay()
            torch.cuda.synchronize()
        else:
            self.out = self.update()
        loss, norm = self.out
        return float(loss[0]), float(norm[0])

    def gradient(self):
        loss, gradients = self.gradients()
        return float(loss[0]), [g[0].cpu().numpy() for g in gradients]


def fused(training):
    """The functions of one step, compiled and tried; as they are where that fails, which is said."""
    try:
        forward, backward = (torch.compile(f, dynamic=False) for f in (forward_point, backward_point))
        x = [torch.zeros_like(training.x) for _ in range(6)]
        vector = torch.zeros_like(training.parameters[3])
        forward(x[0], x[1], vector, vector, x[2], x[3])
        backward(x[0], x[1], x[2], vector, x[3], x[4], x[5])
        return forward, backward
    except Exception as error:  # whatever a compiler may lack
        print(f"torch.compile failed, plain operations instead: {str(error).splitlines()[0][:150]}", file=sys.stderr)
        return forward_point, backward_point


def main():
    args = arguments("PyTorch", ["highest", "tf32"])
    torch.set_grad_enabled(False)
    torch.backends.cuda.matmul.allow_tf32 = args.precision == "tf32"
    fuse = DEVICE == "cuda"
    if args.check:
        training = Training(golden()[0], fuse)
        check(training.gradient, training.step)
    name = torch.cuda.get_device_name() if fuse else "cpu"
    about = {"peer": "torch graph" if fuse else "torch eager", "version": torch.__version__, "device": name}

    def one(networks):
        training = Training(made_up(networks, args.neurons, args.conditions, args.time_steps), fuse)
        timed(lambda: training.step()[0], args, **about, networks=networks)

    series(args, one, **about)


if __name__ == "__main__":
    main()
