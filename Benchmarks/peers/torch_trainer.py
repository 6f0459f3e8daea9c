"""The training loop of the PyTorch peers: eager, shuffled batches cut from one tensor, Adam 1e-3."""
import argparse
import json
import statistics
import time

import torch

import datasets
import kerasfile


def main(net, doc, make, images_last=False):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder of the data set's standard files, or `synthetic`")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32 if net == "mlp" else 64)
    parser.add_argument("--limit", type=int, help="training samples per epoch")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fused", action="store_true", help="Adam in one fused kernel")
    parser.add_argument("--layout", choices=["nhwc", "nchw"], default="nhwc", help="of images in memory")
    parser.add_argument("--forward", type=int, default=10000, help="images of the timed forward pass")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    x, y, x_test, y_test = map(torch.from_numpy, datasets.load(net, options.data, options.limit))
    model = make()
    if images_last:
        x, x_test = x.permute(0, 3, 1, 2), x_test.permute(0, 3, 1, 2)
        if options.layout == "nchw":
            x, x_test = x.contiguous(), x_test.contiguous()
        else:
            model = model.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3, fused=options.fused)
    loss_of = torch.nn.CrossEntropyLoss()
    epochs, steps = [], []
    for _ in range(options.epochs):
        order = torch.randperm(len(x))
        begin = time.perf_counter()
        for start in range(0, len(x) - options.batch + 1, options.batch):
            tick = time.perf_counter()
            pick = order[start:start + options.batch]
            optimiser.zero_grad()
            loss = loss_of(model(x[pick]), y[pick])
            loss.backward()
            optimiser.step()
            steps.append(time.perf_counter() - tick)
        epochs.append(time.perf_counter() - begin)
    model.eval()
    with torch.no_grad():
        tested, right = min(options.forward, len(x_test)), 0
        begin = time.perf_counter()
        for start in range(0, tested, 256):
            stop = min(start + 256, tested)
            right += (model(x_test[start:stop]).argmax(1) == y_test[start:stop]).sum().item()
        forward = time.perf_counter() - begin
    print(json.dumps({
        "peer": f"pytorch-{torch.__version__}", "net": net, "threads": options.threads, "fused": options.fused,
        "batch": options.batch, "samples": len(x), "epochs": options.epochs,
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds_per_epoch": round(statistics.median(epochs), 4), "best_epoch": round(min(epochs), 4),
        "step_ms": round(1e3 * statistics.median(steps), 3),
        "samples_per_second": round(len(x) / statistics.median(epochs)),
        "accuracy": round(right / tested, 4), "forward_images": tested, "forward_seconds": round(forward, 4),
        "peak_mib": kerasfile.peak_memory()}), flush=True)
