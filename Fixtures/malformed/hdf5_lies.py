"""Lies of the HDF5 file around a Keras model: structure, weights, links, storage, types."""

import os
import struct

import h5py

from keras_files import *


def kernel(make, **options):
    """A file whose kernel is made by `make(group, name)`."""
    return {"weights": {"dense": {"kernel": Raw(make), "bias": values(3, seed=2)}}, **options}


def patched(path, replacements):
    """Replaces the only occurrence of each byte string by another of the same length."""
    with open(path, "rb") as file:
        content = file.read()
    for old, new in replacements:
        assert len(old) == len(new) and content.count(old) == 1, (path, content.count(old))
        content = content.replace(old, new)
    write(path, content)


def unwritten(shape, **options):
    return lambda group, name: group.create_dataset(name, shape=shape, dtype="<f4", **options)


def untimed():
    """Properties of a data set that keeps no time, so that the bytes repeat."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_obj_track_times(False)
    return plist


def structure():
    write_legacy("wrong-magic.h5", libver="earliest")
    patched("wrong-magic.h5", [(b"\x89HDF\r\n\x1a\n", b"\x89HDG\r\n\x1a\n")])
    write_legacy("cut.h5", libver="earliest")
    os.truncate("cut.h5", 5000)
    write_legacy("end-of-file-too-far.h5", libver="earliest")
    size = os.path.getsize("end-of-file-too-far.h5")
    patched("end-of-file-too-far.h5", [
        (struct.pack("<Q", size) + b"\xff" * 8, struct.pack("<Q", 1 << 60) + b"\xff" * 8)])
    with open_file("no-model.h5", "latest") as file:
        put(file, "notes", values(3))
    write_legacy("checksum.h5")
    patched("checksum.h5", [(b"keras_version", b"keras_versioN")])
    # The root's B-tree is made its own child: level 1, its child the node itself.
    write_legacy("tree-cycle.h5", libver="earliest")
    with open("tree-cycle.h5", "rb") as file:
        content = bytearray(file.read())
    place = content.index(b"TREE\0\0")
    content[place + 5] = 1
    content[place + 32:place + 40] = struct.pack("<Q", place)
    write("tree-cycle.h5", bytes(content))
    # The global heap's identifier of the model's configuration points behind the file.
    write_legacy("heap-outside.h5", libver="earliest")
    with open("heap-outside.h5", "rb") as file:
        content = bytearray(file.read())
    # After the name and the type: length 4 bytes, address 8 bytes, index 4 bytes.
    place = content.index(b"model_config\0")
    heap = content.index(b"GCOL")
    reference = content.index(struct.pack("<Q", heap), place)
    content[reference:reference + 8] = struct.pack("<Q", 1 << 40)
    write("heap-outside.h5", bytes(content))


def weights():
    both = mlp_weights()["dense"]
    write_legacy("weight-missing.h5", weights={"dense": {**both, "kernel": None}})
    write_legacy("weight-of-two.h5", weights={"dense": {"kernel": both["kernel"]}})
    write_legacy("weight-extra.h5", weights={"dense": {**both, "third": values(3)}})
    write_legacy("layer-missing.h5", weights={}, layer_names=["dense"])
    write_legacy("layer-unlisted.h5", weights={}, layer_names=[])
    write_legacy("layer-extra.h5", weights={"dense": both, "dense_1": both})
    write_legacy("kernel-of-other-units.h5", weights={"dense": {**both, "kernel": values(4, 5)}})
    write_legacy("kernel-of-other-inputs.h5", weights={"dense": {**both, "kernel": values(7, 3)}})
    write_legacy("kernel-of-three-axes.h5", weights={"dense": {**both, "kernel": values(2, 2, 3)}})
    write_legacy("kernel-scalar.h5", weights={"dense": {**both, "kernel": values()}})
    write_legacy("kernel-empty.h5", weights={"dense": {**both, "kernel": values(0, 3)}})
    write_legacy("layer-names-numbers.h5", edit=lambda file: file["model_weights"].attrs.create(
        "layer_names", np.arange(3)))
    write_legacy("layer-names-twice.h5", layer_names=["dense", "dense"])

    def names_twice(file):
        del file["model_weights/dense"].attrs["weight_names"]
        file["model_weights/dense"].attrs["weight_names"] = names(["kernel", "kernel"])

    write_legacy("weight-names-twice.h5", edit=names_twice)

    def group(group, name):
        group.create_group(name)

    write_legacy("kernel-is-group.h5", **kernel(group))
    write_legacy("weight-name-leads-out.h5", weights={"dense": both}, edit=lambda file: (
        file["model_weights/dense"].attrs.__setitem__(
            "weight_names", names(["../../secret", "bias"])),
        file.create_dataset("secret", data=both["kernel"])))


def sizes():
    huge = sequential(input_layer(shape=(1 << 20,)), dense(units=1 << 20, use_bias=False))

    def huge_file(path, make):
        write_legacy(path, huge, weights={"dense": {"kernel": Raw(make)}})

    huge_file("huge-contiguous.h5", unwritten((1 << 20, 1 << 20)))
    huge_file("huge-chunked.h5", unwritten(
        (1 << 20, 1 << 20), chunks=(1024, 1024), compression="gzip"))
    write_legacy("huge-axes.h5", **kernel(unwritten((1 << 40, 1 << 22), chunks=(1, 1))))
    write_legacy("nine-axes.h5", **kernel(unwritten((1,) * 9)))

    def huge_chunk(group, name):
        import zlib
        data = group.create_dataset(
            name, shape=(4, 3), maxshape=(None, 3), chunks=(1 << 26, 3), dtype="<f4",
            compression="gzip")
        data.id.write_direct_chunk((0, 0), zlib.compress(values(4, 3).tobytes()))

    write_legacy("huge-chunk.h5", **kernel(huge_chunk))
    bomb = sequential(input_layer(shape=(4096,)), dense(units=5120, use_bias=False))

    def bomb_kernel(group, name):
        data = group.create_dataset(
            name, shape=(4096, 5120), chunks=(512, 5120), dtype="<f4", compression="gzip",
            compression_opts=9)
        row = np.zeros((512, 5120), F32)
        for start in range(0, 4096, 512):
            data[start:start + 512] = row

    write_legacy("bomb.h5", bomb, weights={
        "dense": {"kernel": Raw(bomb_kernel)}})
    packed("bomb.h5")


def links():
    def soft(group, name):
        group.file["elsewhere"] = values(4, 3)
        group[name] = h5py.SoftLink("/elsewhere")

    write_legacy("link-soft.h5", **kernel(soft))

    def external(group, name):
        group[name] = h5py.ExternalLink("/etc/passwd", "/kernel")

    write_legacy("link-external.h5", **kernel(external))
    write_legacy("link-dangling.h5", **kernel(
        lambda group, name: group.__setitem__(name, h5py.SoftLink("/nowhere"))))

    def soft_group(file):
        file["there"] = file["model_weights/dense"]
        del file["model_weights/dense"]
        file["model_weights/dense"] = h5py.SoftLink("/there")

    write_legacy("link-soft-group.h5", edit=soft_group)

    def stored_elsewhere(group, name):
        group.create_dataset(name, shape=(4, 3), dtype="<f4", external=[("/etc/passwd", 0, 48)])

    write_legacy("external-storage.h5", **kernel(stored_elsewhere))

    def virtual(group, name):
        plist = untimed()
        space = h5py.h5s.create_simple((4, 3))
        plist.set_virtual(space, b"/etc/passwd", b"kernel", space)
        h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, plist)

    write_legacy("virtual.h5", **kernel(virtual))


def filters():
    write_legacy("filter-lzf.h5", **kernel(lambda group, name: group.create_dataset(
        name, data=values(4, 3), compression="lzf")))
    write_legacy("filter-scaleoffset.h5", **kernel(lambda group, name: group.create_dataset(
        name, data=values(4, 3), scaleoffset=3)))

    def plugin(group, name):
        plist = untimed()
        plist.set_chunk((4, 3))
        plist.set_deflate(4)
        space = h5py.h5s.create_simple((4, 3))
        data = h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, plist)
        data.write(h5py.h5s.ALL, h5py.h5s.ALL, values(4, 3))

    write_legacy("filter-plugin.h5", **kernel(plugin), libver="earliest")
    # deflate, its name's length, optional, one value: made filter 32015, which a plug-in would undo.
    patched("filter-plugin.h5", [
        (struct.pack("<HHHH8s", 1, 8, 1, 1, b"deflate"),
         struct.pack("<HHHH8s", 32015, 8, 1, 1, b"unzip"))])

    def damaged(group, name):
        data = group.create_dataset(
            name, shape=(4, 3), chunks=(4, 3), dtype="<f4", compression="gzip")
        data.id.write_direct_chunk((0, 0), b"\x78\x9c not deflated at all")

    write_legacy("chunk-damaged.h5", **kernel(damaged))

    def fletcher(group, name):
        group.create_dataset(
            name, data=values(4, 3) + np.float32(77), chunks=(4, 3), fletcher32=True)

    write_legacy("chunk-checksum.h5", **kernel(fletcher))
    patched("chunk-checksum.h5", [
        ((values(4, 3) + np.float32(77)).tobytes(), (values(4, 3) + np.float32(76)).tobytes())])


def types():
    def typed(dtype, data=None):
        def make(group, name):
            group.create_dataset(name, shape=(4, 3), dtype=dtype, data=data)
        return make

    write_legacy("type-text.h5", **kernel(typed(None, np.full((4, 3), b"0.5"))))
    write_legacy("type-variable-text.h5", **kernel(
        typed(h5py.string_dtype(), np.full((4, 3), "0.5", dtype=object))))
    write_legacy("type-compound.h5", **kernel(typed([("re", "<f4"), ("im", "<f4")])))
    write_legacy("type-complex.h5", **kernel(typed("<c8")))
    write_legacy("type-reference.h5", **kernel(typed(h5py.ref_dtype)))
    write_legacy("type-sequences.h5", **kernel(typed(h5py.vlen_dtype("<f4"))))
    write_legacy("type-long-double.h5", **kernel(typed(np.longdouble)))
    write_legacy("type-opaque.h5", **kernel(typed(np.dtype("V4"))))

    def odd_float(group, name):
        # 24 bits: sign, 7 of exponent, 16 of mantissa.
        kind = h5py.h5t.IEEE_F32LE.copy()
        kind.set_fields(23, 16, 7, 0, 16)
        kind.set_size(3)
        space = h5py.h5s.create_simple((4, 3))
        h5py.h5d.create(group.id, name.encode(), kind, space, untimed())

    write_legacy("type-odd-float.h5", **kernel(odd_float))

    def named(group, name):
        group.file["kind"] = np.dtype("<f4")
        h5py.h5d.create(
            group.id, name.encode(), group.file["kind"].id, h5py.h5s.create_simple((4, 3)),
            untimed())

    write_legacy("type-named.h5", libver="earliest", **kernel(named))
    write_legacy("config-is-number.h5", edit=lambda file: file.attrs.create("model_config", 7))
    write_legacy("config-is-list.h5", edit=lambda file: file.attrs.create(
        "model_config", np.array([b"{}", b"{}"])))


def bad_values():
    for name, value in [("nan", np.nan), ("infinite", np.inf)]:
        kernel_values = values(4, 3)
        kernel_values[2, 1] = value
        write_legacy(f"kernel-{name}.h5", weights={
            "dense": {"kernel": kernel_values, "bias": values(3)}})
    bias = values(3)
    bias[1] = -np.inf
    write_legacy("bias-infinite.h5", weights={"dense": {"kernel": values(4, 3), "bias": bias}})
    half = values(3).astype("<f2")
    half[2] = np.nan
    write_legacy("bias-nan-float16.h5", weights={"dense": {"kernel": values(4, 3), "bias": half}})
    weights = normed_weights()
    weights["norm"]["moving_variance"][1] = -0.25
    write_legacy("variance-negative.h5", NORMED, weights)


def accepted():
    write_legacy("accepted/earliest.h5", NORMED, normed_weights(), libver="earliest")
    write_legacy("accepted/latest.h5", NORMED, normed_weights())
    write_legacy("accepted/big-endian.h5", weights={
        "dense": {"kernel": values(4, 3).astype(">f4"), "bias": values(3).astype(">f8")}})
    write_legacy("accepted/chunked.h5", **kernel(lambda group, name: group.create_dataset(
        name, data=values(4, 3), chunks=(3, 2), maxshape=(None, None), compression="gzip",
        shuffle=True, fletcher32=True)))
    write_legacy("accepted/unwritten-zeros.h5", weights={
        "dense": {"kernel": values(4, 3), "bias": Raw(unwritten((3,)))}})

    def fill(group, name):
        group.create_dataset(name, shape=(3,), dtype="<f4", fillvalue=0.5)

    write_legacy("accepted/fill-value.h5", weights={
        "dense": {"kernel": values(4, 3), "bias": Raw(fill)}})

    def hard(group, name):
        group.file["elsewhere"] = values(4, 3)
        group[name] = group.file["elsewhere"]

    write_legacy("accepted/hard-link.h5", **kernel(hard))

    def cycle(file):
        file["model_weights/dense/up"] = file["model_weights"]

    write_legacy("accepted/hard-link-cycle.h5", edit=cycle)
    write_legacy("accepted/unused-soft-link.h5", edit=lambda file: file.__setitem__(
        "unused", h5py.SoftLink("/nowhere")))
    with h5py.File("accepted/user-block.h5", "w", userblock_size=512):
        pass
    os.remove("accepted/user-block.h5")
    write_legacy("plain.tmp.h5", libver="earliest")
    with open("plain.tmp.h5", "rb") as file:
        content = bytearray(file.read())
    os.remove("plain.tmp.h5")
    # Base address and end of file of a version 0 superblock, moved by the block's size.
    for place in (24, 40):
        number, = struct.unpack_from("<Q", content, place)
        struct.pack_into("<Q", content, place, number + 512)
    write("accepted/user-block.h5", b"#!/bin/sh\nexit 0\n".ljust(512, b"\0") + bytes(content))
    # The end-of-file address is what counts; bytes may follow it.
    write_legacy("accepted/bytes-after-end.h5", libver="earliest")
    with open("accepted/bytes-after-end.h5", "ab") as file:
        file.write(b"appended")
    write_legacy("accepted/fixed-length-config.h5", json.dumps(MLP).encode())
    largest = values(4, 3)
    largest[0, 0], largest[1, 1] = np.finfo(F32).max, np.float32(1e-45)
    write_legacy("accepted/largest-and-smallest.h5", weights={
        "dense": {"kernel": largest, "bias": values(3)}})
    variances = normed_weights()
    variances["norm"]["moving_variance"][:] = [0, -0.0, 1]
    write_legacy("accepted/variance-zero.h5", NORMED, variances)


def make():
    structure()
    weights()
    sizes()
    links()
    filters()
    types()
    bad_values()
    accepted()
