"""The presets' models as one writes them in PyTorch: the same sizes, losses and parameters as TinyFlow's.

After bench/SideBySide/TorchSharp*.cs, whose losses, gradients and updates are compared with TinyFlow's.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

SIZE = 28
DIMENSIONS = SIZE * SIZE
DEQUANTIZATION = DIMENSIONS * math.log(256)


def log_prob(z):
    """log N(z; 0, I) of each image."""
    return (-0.5 * (z.flatten(1).square() + math.log(2 * math.pi))).sum(1)


def checkerboard(channels, size, inverted):
    """1 where (channel + row + column) is even, or odd if inverted: [1, channels, size, size]."""
    c, y, x = (torch.arange(n) for n in (channels, size, size))
    even = (c[:, None, None] + y[None, :, None] + x[None, None, :]) % 2 == 0
    return (even != inverted).float()[None]


class Notebook(nn.Module):
    """Eight checkerboard couplings with 64 hidden channels."""

    learning_rate, weight_decay, clip_norm, l2 = 5e-4, 1e-6, 1.0, 1e-5

    def __init__(self, couplings=8, hidden=64):
        super().__init__()
        self.nets = nn.ModuleList(self._net(hidden) for _ in range(couplings))
        for i in range(couplings):
            self.register_buffer(f"mask{i}", checkerboard(1, SIZE, i % 2 == 1))

    @staticmethod
    def _net(hidden):
        last = nn.Conv2d(hidden, 2, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        return nn.Sequential(
            nn.Conv2d(1, hidden, 3, padding=1), nn.BatchNorm2d(hidden, momentum=0.05), nn.ReLU(),
            nn.Conv2d(hidden, hidden, 3, padding=1), nn.BatchNorm2d(hidden, momentum=0.05), nn.ReLU(),
            last)

    def loss(self, x):
        log_det = x.new_zeros(x.shape[0])
        for i, net in enumerate(self.nets):
            mask = getattr(self, f"mask{i}")
            kept = x * (1 - mask)
            s, t = net(kept).chunk(2, 1)
            s, t = s.tanh() * mask, t * mask
            x = kept + x * mask * s.exp() + t
            log_det = log_det + s.sum((1, 2, 3))
        squares = sum(p.square().sum() for name, p in self.named_parameters() if name.endswith("weight"))
        return DEQUANTIZATION - (log_prob(x) + log_det).mean() + self.l2 * squares

    def groups(self):
        return [(list(self.parameters()), self.weight_decay, self.clip_norm)]


class KengNet(nn.Module):
    """Convolution, two residual blocks with instance norm, convolution; no biases."""

    def __init__(self, channels, planes, blocks=2):
        super().__init__()
        def convolution(inputs, outputs):
            return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.first, self.last = convolution(channels, planes), convolution(planes, channels)
        self.blocks = nn.ModuleList(nn.ModuleList((convolution(planes, planes), convolution(planes, planes))) for _ in range(blocks))

    def forward(self, x):
        h = self.first(x)
        for first, second in self.blocks:
            inner = F.relu(F.instance_norm(first(h), eps=1e-5))
            h = F.relu(F.instance_norm(second(inner), eps=1e-5) + h)
        return self.last(h)


class KengStep(nn.Module):
    """A coupling and the batch norm on the flow's path behind it."""

    epsilon, momentum = 1e-5, 0.005

    def __init__(self, mask, channels, size, planes):
        super().__init__()
        self.register_buffer("mask", mask)
        self.s, self.t = KengNet(channels, planes), KengNet(channels, planes)
        # 0 in the published start; here away from it, so that every gradient is computed with numbers in it.
        self.s_scale, self.t_scale, self.t_bias = (nn.Parameter(torch.full((channels, size, size), v)) for v in (0.01, 0.01, 0.0))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.pixels = size * size

    def forward(self, x):
        kept, changed = self.mask * x, 1 - self.mask
        s, t = self.s_scale * self.s(kept).tanh(), self.t_scale * self.t(kept) + self.t_bias
        y, log_det = kept + changed * (x * s.exp() + t), (changed * s).sum((1, 2, 3))
        mean = (1 - self.momentum) * self.running_mean + self.momentum * y.mean((0, 2, 3))
        variance = (1 - self.momentum) * self.running_var + self.momentum * y.var((0, 2, 3), unbiased=True)
        with torch.no_grad():
            self.running_mean.copy_(mean)
            self.running_var.copy_(variance)
        log_det = log_det - 0.5 * self.pixels * (variance + self.epsilon).log().sum()
        return (y - mean[:, None, None]) * (variance + self.epsilon).rsqrt()[:, None, None], log_det


class Bjlkeng(nn.Module):
    """Twelve couplings with masks, squeezes and factoring out in groups of six, then four final ones."""

    learning_rate, l2, group = 5e-4, 5e-5, 6

    def __init__(self, couplings=12, finals=4, planes=64):
        super().__init__()
        self.couplings, steps = couplings, []
        channels, size = 1, SIZE
        for i in range(couplings + finals):
            is_board = i >= couplings or i % self.group < 3
            inverted = (i - couplings if i >= couplings else i) % 2 == 1
            if is_board:
                mask = checkerboard(channels, size, inverted)
            else:
                mask = (torch.arange(channels) >= channels // 2).float()[None, :, None, None].expand(1, -1, size, size).clone()
                mask = 1 - mask if inverted else mask
            steps.append(KengStep(mask, channels, size, planes))
            if i < couplings and i % self.group == 2:
                channels, size = 4 * channels, size // 2
            elif i < couplings and i % self.group == 5:
                channels, planes = channels // 2, 2 * planes
        self.steps = nn.ModuleList(steps)

    def loss(self, x):
        images, parts, log_det = x.shape[0], [], x.new_zeros(x.shape[0])
        for i, step in enumerate(self.steps):
            x, own = step(x)
            log_det = log_det + own
            if i < self.couplings and i % self.group == 2:
                x = F.pixel_unshuffle(x, 2)
            elif i < self.couplings and i % self.group == 5:
                x, out = x.chunk(2, 1)
                parts.append(out.flatten(1))
        z = torch.cat([*parts, x.flatten(1)], 1)
        penalty = self.l2 * sum(step.s_scale.square().sum() for step in self.steps)
        return DEQUANTIZATION - (log_prob(z) + log_det).mean() + penalty / images

    def groups(self):
        return [(list(self.parameters()), 0.0, None)]


class NormedConvolution(nn.Module):
    """Weight g·v/‖v‖ of each output channel."""

    def __init__(self, inputs, outputs, kernel, bias=True):
        super().__init__()
        start = nn.Conv2d(inputs, outputs, kernel, bias=bias)
        self.weight_v, self.bias, self.padding = nn.Parameter(start.weight.detach().clone()), start.bias, kernel // 2
        self.weight_g = nn.Parameter(self.weight_v.detach().square().sum((1, 2, 3), keepdim=True).sqrt())

    def forward(self, x):
        weight = self.weight_v * (self.weight_g / self.weight_v.square().sum((1, 2, 3), keepdim=True).sqrt())
        return F.conv2d(x, weight, self.bias, padding=self.padding)


class PaperBlock(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.in_norm, self.out_norm = nn.BatchNorm2d(hidden), nn.BatchNorm2d(hidden)
        self.in_conv, self.out_conv = NormedConvolution(hidden, hidden, 3, bias=False), NormedConvolution(hidden, hidden, 3)

    def forward(self, x):
        return self.out_conv(F.relu(self.out_norm(self.in_conv(F.relu(self.in_norm(x)))))) + x


class PaperNet(nn.Module):
    def __init__(self, inputs, outputs, hidden, blocks, doubles):
        super().__init__()
        self.factor = 2 if doubles else 1
        self.in_norm, self.out_norm = nn.BatchNorm2d(inputs), nn.BatchNorm2d(hidden)
        self.in_conv, self.in_skip = NormedConvolution(2 * inputs, hidden, 3), NormedConvolution(hidden, hidden, 1)
        self.out_conv = NormedConvolution(hidden, outputs, 1)
        self.blocks = nn.ModuleList(PaperBlock(hidden) for _ in range(blocks))
        self.skips = nn.ModuleList(NormedConvolution(hidden, hidden, 1) for _ in range(blocks))

    def forward(self, x):
        x = self.in_norm(x) * self.factor
        x = self.in_conv(F.relu(torch.cat((x, -x), 1)))
        skip = self.in_skip(x)
        for block, convolution in zip(self.blocks, self.skips):
            x = block(x)
            skip = skip + convolution(x)
        return self.out_conv(F.relu(self.out_norm(skip)))


class PaperCoupling(nn.Module):
    """y = (x + t)·exp(s) where the mask is 0, or in one half of the channels if there is no mask."""

    def __init__(self, channels, size, hidden, blocks, is_board, reverse):
        super().__init__()
        width = channels if is_board else channels // 2
        self.is_board, self.reverse = is_board, reverse
        if is_board:
            self.register_buffer("mask", checkerboard(1, size, not reverse))
        self.net = PaperNet(width, 2 * width, hidden, blocks, doubles=is_board)
        self.scale_v, self.scale_g = nn.Parameter(torch.randn(width, 1, 1) + 1.5), nn.Parameter(torch.ones(width, 1, 1))

    def _scale_and_shift(self, kept):
        s, t = self.net(kept).chunk(2, 1)
        return self.scale_g * self.scale_v / self.scale_v.abs() * s.tanh(), t

    def forward(self, x):
        if self.is_board:
            s, t = self._scale_and_shift(x * self.mask)
            s, t = s * (1 - self.mask), t * (1 - self.mask)
            return (x + t) * s.exp(), s.sum((1, 2, 3))
        changes, feeds = reversed(x.chunk(2, 1)) if self.reverse else x.chunk(2, 1)
        s, t = self._scale_and_shift(feeds)
        changed = (changes + t) * s.exp()
        return torch.cat((feeds, changed) if self.reverse else (changed, feeds), 1), s.sum((1, 2, 3))


def squeeze_alternative(x):
    """[N, C, H, W] → [N, 4C, H/2, W/2]: all channels of one position of a block, then those of the next."""
    return torch.cat([x[:, :, y::2, c::2] for y, c in ((0, 0), (1, 1), (0, 1), (1, 0))], 1)


def unsqueeze_alternative(x):
    a, d, b, c = x.chunk(4, 1)
    n, channels, h, w = a.shape
    return F.pixel_shuffle(torch.stack((a, b, c, d), 2).reshape(n, 4 * channels, h, w), 2)


class PaperScale(nn.Module):
    """Three checkerboard couplings, three of channels, and the scales within; the last scale has four checkerboard ones."""

    def __init__(self, scales, channels, size, hidden, blocks):
        super().__init__()
        is_last = scales == 1
        self.boards = nn.ModuleList(PaperCoupling(channels, size, hidden, blocks, True, i % 2 == 1) for i in range(4 if is_last else 3))
        self.halves, self.next = nn.ModuleList(), None
        if not is_last:
            self.halves = nn.ModuleList(PaperCoupling(4 * channels, size // 2, 2 * hidden, blocks, False, i % 2 == 1) for i in range(3))
            self.next = PaperScale(scales - 1, 2 * channels, size // 2, 2 * hidden, blocks)

    def forward(self, x):
        log_det = x.new_zeros(x.shape[0])
        for coupling in self.boards:
            x, own = coupling(x)
            log_det = log_det + own
        if self.next is None:
            return x, log_det
        x = F.pixel_unshuffle(x, 2)
        for coupling in self.halves:
            x, own = coupling(x)
            log_det = log_det + own
        going, leaving = squeeze_alternative(F.pixel_shuffle(x, 2)).chunk(2, 1)
        going, own = self.next(going)
        return unsqueeze_alternative(torch.cat((going, leaving), 1)), log_det + own


class Paper(nn.Module):
    """Real NVP as published, two scales, at the preset's size: 32 channels and 4 blocks."""

    learning_rate, weight_decay, clip_norm, constraint = 1e-3, 5e-5, 100.0, 0.9

    def __init__(self, scales=2, hidden=32, blocks=4):
        super().__init__()
        self.flows = PaperScale(scales, 1, SIZE, hidden, blocks)

    def loss(self, x):
        y = ((1 + (2 * x - 1) * self.constraint) / 2).logit()
        log_det = (F.softplus(y) + F.softplus(-y) + math.log(self.constraint)).sum((1, 2, 3))
        z, own = self.flows(y)
        return DEQUANTIZATION - (log_prob(z) + log_det + own).mean()

    def groups(self):
        gains = [p for name, p in self.named_parameters() if name.endswith("_g")]
        others = [p for name, p in self.named_parameters() if not name.endswith("_g")]
        return [(gains, self.weight_decay, self.clip_norm), (others, 0.0, self.clip_norm)]


MODELS = {"notebook": Notebook, "bjlkeng": Bjlkeng, "paper": Paper}
