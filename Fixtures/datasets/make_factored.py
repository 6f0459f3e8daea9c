"""Writes factored.h5: three colour images of 5 x 4 as factors of rank 3, and what they stand for.

NumPy makes the images and the factors, h5py writes them; `rebuilt` holds images at rank 3 and 2.
"""
import h5py
import numpy as np

random = np.random.default_rng(11)
images = random.integers(0, 256, (3, 5, 4, 2)).astype(np.float64)
planes = images.transpose(0, 3, 1, 2)
u, s, vt = np.linalg.svd(planes, full_matrices=False)
left = (u * s[..., None, :])[..., :3]
right = vt[..., :3, :]
with h5py.File("factored.h5", "w", libver="earliest") as file:
    file.attrs["format"] = np.bytes_("modelc-factored-images")
    file.attrs["version"] = np.array([1])
    file.attrs["row_shape"] = np.array([5, 4, 2])
    file.attrs["value_range"] = np.array([0.0, 255.0])
    file.attrs["class_names"] = np.array([b"no", b"yes"])
    file.create_dataset("train/left", data=left.astype("<f4"))
    file.create_dataset("train/right", data=right.astype("<f4"))
    file.create_dataset("train/labels", data=np.array([1, 0, 1]))
    for rank in (3, 2):
        product = left[..., :rank] @ right[..., :rank, :]
        file.create_dataset(f"rebuilt/{rank}", data=product.transpose(0, 2, 3, 1).astype("<f4"))
