#!/usr/bin/env python3
"""Train the digit classifier of digits.net and quantise it to int8.

Not part of the build: run by hand to make weights.safetensors, heldback_images.npy and heldback_labels.npy again
(Debian: python3-numpy python3-sklearn).  Same seed, same numpy: same files.  The data are scikit-learn's
bundled digits (1,797 images of 8x8 pixels, 0..16): every fifth image is held back and never trained on.
"""
import json
import struct

import numpy as np
from sklearn.datasets import load_digits

rng = np.random.default_rng(7)
EPOCHS, BATCH, RATE = 90, 64, 2e-3


def patches(x):
    """x[n, h, w, c] -> [n, h, w, 9 * c]: each cell's 3x3 neighbourhood, zeros outside."""
    n, h, w, c = x.shape
    p = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return np.concatenate([p[:, i:i + h, j:j + w, :] for i in range(3) for j in range(3)], axis=3)


def patches_back(g, c):
    """The gradient of patches()."""
    n, h, w, _ = g.shape
    p = np.zeros((n, h + 2, w + 2, c))
    for k in range(9):
        i, j = divmod(k, 3)
        p[:, i:i + h, j:j + w, :] += g[..., k * c:(k + 1) * c]
    return p[:, 1:-1, 1:-1, :]


def pool(x):
    n, h, w, c = x.shape
    v = x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))
    mask = x.reshape(n, h // 2, 2, w // 2, 2, c) == v[:, :, None, :, None, :]
    return v, mask


def forward(par, x):
    p1 = patches(x)
    a1 = np.maximum(p1 @ par["w1"] + par["b1"], 0)
    m1, k1 = pool(a1)
    p2 = patches(m1)
    a2 = np.maximum(p2 @ par["w2"] + par["b2"], 0)
    m2, k2 = pool(a2)
    flat = m2.reshape(len(x), -1)
    return flat @ par["w3"] + par["b3"], (p1, a1, k1, m1, p2, a2, k2, m2, flat)


def backward(par, keep, logits, y):
    p1, a1, k1, m1, p2, a2, k2, m2, flat = keep
    n = len(y)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    g = e / e.sum(axis=1, keepdims=True)
    g[np.arange(n), y] -= 1
    g /= n
    grad = {"w3": flat.T @ g, "b3": g.sum(axis=0)}
    g = (g @ par["w3"].T).reshape(m2.shape)
    g = (g[:, :, None, :, None, :] * k2).reshape(a2.shape) * (a2 > 0)
    grad["w2"], grad["b2"] = np.tensordot(p2, g, ([0, 1, 2], [0, 1, 2])), g.sum(axis=(0, 1, 2))
    g = patches_back(g @ par["w2"].T, m1.shape[3])
    g = (g[:, :, None, :, None, :] * k1).reshape(a1.shape) * (a1 > 0)
    grad["w1"], grad["b1"] = np.tensordot(p1, g, ([0, 1, 2], [0, 1, 2])), g.sum(axis=(0, 1, 2))
    return grad


def shifted(x):
    """Each image moved by up to one pixel, so that position matters less."""
    out = np.empty_like(x)
    for i, (dy, dx) in enumerate(rng.integers(-1, 2, (len(x), 2))):
        p = np.pad(x[i], ((1, 1), (1, 1), (0, 0)))
        out[i] = p[1 + dy:9 + dy, 1 + dx:9 + dx]
    return out


def train(x, y):
    shapes = {"w1": (9, 12), "w2": (108, 24), "w3": (96, 10)}
    par = {k: rng.normal(0, np.sqrt(2 / s[0]), s) for k, s in shapes.items()}
    par.update({"b" + k[1]: np.zeros(s[1]) for k, s in shapes.items()})
    m = {k: np.zeros_like(v) for k, v in par.items()}
    v = {k: np.zeros_like(p) for k, p in par.items()}
    step = 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        rate = RATE * (1 - epoch / EPOCHS)
        for i in range(0, len(x), BATCH):
            b = order[i:i + BATCH]
            xb = shifted(x[b])
            logits, keep = forward(par, xb)
            step += 1
            for k, g in backward(par, keep, logits, y[b]).items():
                m[k] = 0.9 * m[k] + 0.1 * g
                v[k] = 0.999 * v[k] + 0.001 * g * g
                par[k] -= rate * (m[k] / (1 - 0.9 ** step)) / (np.sqrt(v[k] / (1 - 0.999 ** step)) + 1e-8)
    return par


def quantise(par, x):
    """Per-channel symmetric weights, activation scales from the training images' extremes."""
    logits, keep = forward(par, x)
    f = np.float32
    scale = {"input": f(1 / 16), "conv1": f(keep[1].max() / 255), "conv2": f(keep[5].max() / 255)}
    lo, hi = logits.min(), logits.max()
    scale["scores"] = f((hi - lo) / 255)
    zero = int(np.round(-128 - lo / scale["scores"]))
    tensors = {}
    for name, w, b, source in (("conv1", par["w1"], par["b1"], "input"), ("conv2", par["w2"], par["b2"], "conv1"),
                               ("scores", par["w3"], par["b3"], "conv2")):
        ws = np.abs(w).max(axis=0) / 127 if name != "scores" else np.array([np.abs(w).max() / 127])
        ws = ws.astype(f)
        q = np.clip(np.round(w / ws), -127, 127).astype(np.int8).T
        if name != "scores":
            q = q.reshape(q.shape[0], 3, 3, -1)
        bias = np.round(b / (scale[source].astype(float) * ws.astype(float))).astype(np.int32)
        tensors[name + ".weight"], tensors[name + ".weight_scale"], tensors[name + ".bias"] = q, ws, bias
    for k in ("conv1", "conv2", "scores"):
        print(f"{k}: scale {scale[k]:.9g} zero {zero if k == 'scores' else -128}")
    return tensors


def save(path, tensors):
    kinds = {np.dtype("int8"): "I8", np.dtype("int32"): "I32", np.dtype("float32"): "F32"}
    head, data = {}, b""
    for name in sorted(tensors, key=lambda n: -tensors[n].itemsize):  # 4-byte elements first: all stay aligned
        raw = np.ascontiguousarray(tensors[name]).tobytes()
        head[name] = {"dtype": kinds[tensors[name].dtype], "shape": list(tensors[name].shape),
                      "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + data)


digits = load_digits()
images = digits.images.astype(np.int8)[..., None]
back = np.arange(len(images)) % 5 == 4
par = train(images[~back] / 16.0, digits.target[~back])
right = (forward(par, images[back] / 16.0)[0].argmax(axis=1) == digits.target[back]).sum()
print(f"f32: {right} of {back.sum()} held-back images right")
save("weights.safetensors", quantise(par, images[~back] / 16.0))
np.save("heldback_images.npy", images[back])
np.save("heldback_labels.npy", digits.target[back].astype(np.int8))
