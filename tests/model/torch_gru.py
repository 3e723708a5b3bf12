#!/usr/bin/env python3
"""Write tests/model/torch_gru.h: what PyTorch's nn.GRU says of a small case, forward and backward.

    python3 tests/model/torch_gru.py > tests/model/torch_gru.h    # needs torch; not part of any build

Gates in the order r, z, n, reset after the product: the form of model/gru.h. The loss is the sum of
target * last state, so every gradient has come through time.
"""
import torch

T, B, F, H = 3, 2, 6, 8
SEED = 11


def text(v):
    digits = f"{v:.7g}"
    return (digits if "." in digits or "e" in digits else digits + ".0") + "f,"


def rows(name, tensor, shape):
    values = tensor.detach().reshape(-1).tolist()
    print(f"\n/* {shape} */\nstatic const float {name}[{len(values)}] = {{")
    for at in range(0, len(values), 7):
        print("    " + " ".join(text(v) for v in values[at:at + 7]))
    print("};")


torch.manual_seed(SEED)
torch.set_num_threads(1)
gru = torch.nn.GRU(F, H)
with torch.no_grad():
    for weight in gru.parameters():
        weight.copy_(0.5 * torch.randn_like(weight))
x = torch.randn(T, B, F, requires_grad=True)
first = (0.5 * torch.randn(1, B, H)).requires_grad_()
target = torch.randn(B, H)
states, last = gru(x, first)
(last[0] * target).sum().backward()

print("/* Made by tests/model/torch_gru.py with PyTorch " + torch.__version__.split("+")[0] + ": do not edit. */")
print("#ifndef RESTOCK_TORCH_GRU_H\n#define RESTOCK_TORCH_GRU_H\n")
print("/* clang-format off */")
print(f"enum {{ TORCH_T = {T}, TORCH_B = {B}, TORCH_F = {F}, TORCH_H = {H} }};")
rows("torch_wx", gru.weight_ih_l0, "[3H,F]")
rows("torch_wh", gru.weight_hh_l0, "[3H,H]")
rows("torch_bx", gru.bias_ih_l0, "[3H]")
rows("torch_bh", gru.bias_hh_l0, "[3H]")
rows("torch_x", x, "[T,B,F]")
rows("torch_first", first, "[B,H] state before")
rows("torch_target", target, "[B,H]")
rows("torch_states", states, "[T,B,H] states after each step")
rows("torch_d_wx", gru.weight_ih_l0.grad, "[3H,F]")
rows("torch_d_wh", gru.weight_hh_l0.grad, "[3H,H]")
rows("torch_d_bx", gru.bias_ih_l0.grad, "[3H]")
rows("torch_d_bh", gru.bias_hh_l0.grad, "[3H]")
rows("torch_d_first", first.grad, "[B,H]")
print("/* clang-format on */\n\n#endif")
