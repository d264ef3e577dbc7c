"""Training speed of PyTorch on the three networks of `mien bench train`, as JSON on stdout.

The networks, the batch and the optimizer are those of trainer/src/bench. One thread, channels last
(PyTorch's fastest order on a CPU), f32 or PyTorch's own mixture of it with bf16. The figure is
images per CPU-second, the median over the steps.

Usage: torch_train.py STEPS f32|bf16 [NETWORK...]
"""

import json
import statistics
import sys
import time

import torch
from torch import nn

BATCH, SIDE, CLASSES = 128, 44, 7


def conv_norm(channels_in, channels_out, kernel=3, stride=1, groups=1, relu=True):
    layers = [
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class Residual(nn.Module):
    def __init__(self, channels_in, channels_out, stride):
        super().__init__()
        self.first = conv_norm(channels_in, channels_out, stride=stride)
        self.second = conv_norm(channels_out, channels_out, relu=False)
        reshapes = channels_in != channels_out or stride != 1
        self.shortcut = (
            conv_norm(channels_in, channels_out, 1, stride, relu=False) if reshapes else nn.Identity()
        )

    def forward(self, x):
        return torch.relu(self.second(self.first(x)) + self.shortcut(x))


def vgg():
    layers, channels_in = [], 1
    for channels in [32, 64, 128, 256]:
        if channels_in != 1:
            layers.append(nn.MaxPool2d(2))
        layers += [conv_norm(channels_in, channels), conv_norm(channels, channels)]
        channels_in = channels
    return layers, 256


def res():
    layers = [conv_norm(1, 24)]
    for channels_in, channels, stride in [(24, 24, 1), (24, 48, 2), (48, 96, 2), (96, 160, 2)]:
        layers += [Residual(channels_in, channels, stride), Residual(channels, channels, 1)]
    return layers, 160


def mob():
    layers = [conv_norm(1, 32)]
    for channels_in, channels, stride in [
        (32, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 256, 1),
        (256, 256, 1), (256, 512, 2), (512, 512, 1),
    ]:
        layers.append(conv_norm(channels_in, channels_in, stride=stride, groups=channels_in))
        layers.append(conv_norm(channels_in, channels, kernel=1))
    return layers, 512


def speed(layers, features, steps, precision):
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, CLASSES))
    net = net.to(memory_format=torch.channels_last).train()
    faces = torch.randn(BATCH, 1, SIDE, SIDE).to(memory_format=torch.channels_last)
    targets = torch.full((BATCH, CLASSES), 1 / CLASSES)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    times = []
    for _ in range(steps + 1):
        start = time.process_time()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            loss = nn.functional.cross_entropy(net(faces), targets)
        loss.backward()
        optimizer.step()
        times.append(time.process_time() - start)
    return BATCH / statistics.median(times[1:])


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    networks = {"vgg": vgg, "res": res, "mob": mob}
    steps, precision = int(sys.argv[1]), sys.argv[2]
    for name in sys.argv[3:] or networks:
        figure = speed(*networks[name](), steps, precision)
        print(json.dumps({"network": name, "images_per_cpu_second": figure}), flush=True)


if __name__ == "__main__":
    main()
