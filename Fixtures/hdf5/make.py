"""Writes the small HDF5 files beside this script, and for each a `.txt` with what h5py reads in it.

Run as `python3 make.py`; needs h5py (made with 3.16 on HDF5 2.0) and numpy. Every line of a `.txt`
is one object or attribute: kind, path, type, extents, value. Numbers are the hexadecimal digits of
their little-endian bytes, or, above 64 bytes, their FNV-1a hash; texts are percent-encoded.
"""
import os
import sys
import urllib.parse

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def fnv(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return "fnv:%016x" % value


def type_name(object_id):
    kind = object_id.get_type()
    name = kind.get_class()
    size = kind.get_size()
    if name == h5py.h5t.STRING:
        return "string" if kind.is_variable_str() else f"string of {size} bytes"
    if name == h5py.h5t.OPAQUE:
        tag = kind.get_tag().decode()
        return f"opaque '{tag}' of {size} bytes" if tag else f"opaque of {size} bytes"
    number = kind.get_super() if name == h5py.h5t.ENUM else kind
    big = "big-endian " if size > 1 and number.get_order() == h5py.h5t.ORDER_BE else ""
    if name == h5py.h5t.ENUM:
        if [kind.get_member_name(i) for i in range(kind.get_nmembers())] == [b"FALSE", b"TRUE"]:
            return "bool"
        sign = kind.get_super().get_sign() == h5py.h5t.SGN_2
        return f"{big}enumeration over {'int' if sign else 'uint'}{8 * size}"
    if name == h5py.h5t.INTEGER:
        return f"{big}{'int' if kind.get_sign() == h5py.h5t.SGN_2 else 'uint'}{8 * size}"
    if name == h5py.h5t.FLOAT:
        if size == 2 and kind.get_ebias() == 127:
            return big + "bfloat16"
        return big + {2: "float16", 4: "float32", 8: "float64"}[size]
    raise ValueError(name)


def value_text(array, is_text):
    if is_text:
        flat = np.asarray(array, dtype=object).reshape(-1)
        texts = [v.encode() if isinstance(v, str) else bytes(v) for v in flat]
        line = ",".join('"' + urllib.parse.quote(t) + '"' for t in texts)
        return line if len(line) < 2000 else fnv(line.encode())
    array = np.asarray(array)
    if array.dtype.byteorder == ">" and array.dtype.kind != "V":
        array = array.astype(array.dtype.newbyteorder("<"))
    data = array.tobytes()
    return data.hex() if len(data) <= 64 else fnv(data)


def extents(shape):
    return "[" + ", ".join(str(n) for n in shape) + "]"


def attribute_lines(path, item):
    for name in sorted(item.attrs.keys(), key=lambda n: n.encode()):
        attribute = item.attrs.get_id(name)
        kind = type_name(attribute)
        if attribute.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            yield f"@ {path} {name}: {kind} [] -"
            continue
        value = item.attrs[name]
        shape = attribute.shape
        yield f"@ {path} {name}: {kind} {extents(shape)} {value_text(value, kind.startswith('string'))}"


def lines(file):
    found = []

    def visit(path, item):
        if isinstance(item, h5py.Group):
            found.append(f"group {path}")
            found.extend(attribute_lines(path, item))
            for name in sorted(item.keys(), key=lambda n: n.encode()):
                link = item.get(name, getlink=True)
                child = path.rstrip("/") + "/" + name
                if isinstance(link, h5py.SoftLink):
                    found.append(f"soft link {child}")
                elif isinstance(link, h5py.ExternalLink):
                    found.append(f"external link {child}")
                else:
                    visit(child, item[name])
            return
        kind = type_name(item.id)
        layout = {
            h5py.h5d.COMPACT: "compact", h5py.h5d.CONTIGUOUS: "contiguous",
            h5py.h5d.CHUNKED: "chunked", h5py.h5d.VIRTUAL: "virtual",
        }[item.id.get_create_plist().get_layout()]
        if item.shape is None:
            value = "-"
        elif kind.startswith("opaque") or kind.endswith("bfloat16"):
            raw = np.empty(item.shape, dtype="V%d" % item.id.get_type().get_size())
            item.id.read(h5py.h5s.ALL, h5py.h5s.ALL, raw, item.id.get_type())
            value = value_text(raw.view("u2").byteswap() if kind.startswith("big") else raw, False)
        else:
            value = value_text(item[()], kind.startswith("string"))
        found.append(f"data {path} {kind} {extents(item.shape or ())} {layout} {value}")
        found.extend(attribute_lines(path, item))

    visit("/", file["/"])
    return found


def rng(seed=7):
    return np.random.default_rng(seed)


def opaque_bf16(group, name, values, tag=""):
    """As Keras writes bfloat16: two opaque bytes without a tag."""
    patterns = (np.asarray(values, np.float32).view(np.uint32) >> 16).astype(np.uint16)
    kind = h5py.h5t.create(h5py.h5t.OPAQUE, 2)
    kind.set_tag(tag.encode())
    space = h5py.h5s.create_simple(patterns.shape)
    data = h5py.h5d.create(group.id, name.encode(), kind, space)
    data.write(h5py.h5s.ALL, h5py.h5s.ALL, patterns.view("V2"), kind)


def keras_like(file):
    """The skeleton of a Keras file."""
    file.attrs["keras_version"] = "2.15.0"
    file.attrs["backend"] = "tensorflow"
    file.attrs["model_config"] = '{"class_name": "Sequential", "näme": "' + "x" * 300 + '"}'
    weights = file.create_group("model_weights")
    weights.attrs["layer_names"] = [b"dense", b"flatten", "größe".encode()]
    weights.attrs["fixed_names"] = np.array([b"dense", b"flatten", b"dense_with_long_name"])
    weights.attrs["no_names"] = []
    dense = weights.create_group("dense/dense")
    dense["kernel:0"] = rng().standard_normal((5, 3)).astype("<f4")
    dense["bias:0"] = np.arange(3, dtype="<f4")
    weights["dense"].attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
    weights.create_group("flatten").attrs["weight_names"] = []
    weights["shared"] = dense


def scalars(file):
    """Every number type in both byte orders, strings, bool, enumeration, empty and null."""
    for kind in ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]:
        for order in "<>":
            dtype = np.dtype(order + kind)
            values = np.array([[0, 1, 2], [100, 3, 5]], dtype=dtype)
            if dtype.kind != "u":
                values = (-values).astype(dtype)
            name = ("le_" if order == "<" else "be_") + kind
            file[name] = values
            file.attrs[name] = values[0]
    file["scalar"] = np.float32(2.5)
    file["bool"] = np.array([True, False, True])
    file.attrs["flag"] = np.bool_(True)
    kind = h5py.enum_dtype({"RED": 1, "GREEN": 300}, basetype="<i2")
    file.create_dataset("enum", data=np.array([1, 300], "<i2"), dtype=kind)
    file["empty"] = np.zeros((0, 4), "<f4")
    file["null"] = h5py.Empty("<f4")
    file.attrs["null"] = h5py.Empty("<f4")
    file["never_written"] = np.zeros(0)
    file.create_dataset("unallocated", (3, 2), "<f4")
    file.create_dataset("filled", (4,), "<i2", fillvalue=-7)
    file["text"] = "größe"
    file.create_dataset("texts", data=["a", "", "größe", "d" * 50], dtype=h5py.string_dtype())
    file["fixed_texts"] = np.array([b"abc", b"de", b""])
    file.create_dataset("ascii", data=b"plain", dtype=h5py.string_dtype("ascii", 8))
    opaque_bf16(file, "bf16", [1.0, -2.5, 3.25])
    opaque_bf16(file, "bf16_tagged", [0.5], tag="bfloat16")
    file["order5"] = np.arange(2 * 3 * 2 * 1 * 4, dtype="<i4").reshape(2, 3, 2, 1, 4)


def chunks(file):
    """Every chunk index that the library version writes, with and without filters."""
    data = rng(1).integers(0, 50, (21, 17)).astype("<f4")
    unlimited = dict(maxshape=(None, 17))
    both = dict(maxshape=(None, None))
    filters = {
        "plain": {},
        "gzip": dict(compression="gzip", compression_opts=4),
        "shuffle_gzip": dict(compression="gzip", compression_opts=1, shuffle=True),
        "all": dict(compression="gzip", compression_opts=9, shuffle=True, fletcher32=True),
        "fletcher": dict(fletcher32=True),
    }
    for name, options in filters.items():
        group = file.create_group(name)
        group.create_dataset("many", data=data, chunks=(8, 9), **options)
        if name not in ("plain", "all"):
            continue
        group.create_dataset("one", data=data, chunks=(21, 17), **options)
        group.create_dataset("larger_than_data", data=data[:3, :3], chunks=(8, 8), maxshape=(64, 64),
                             **options)
        group.create_dataset("grows", data=data, chunks=(8, 9), **unlimited, **options)
        group.create_dataset("second_grows", data=data.T.copy(), chunks=(9, 8),
                             maxshape=(17, None), **options)
        group.create_dataset("both_grow", data=data, chunks=(8, 9), **both, **options)
    file.create_dataset("limit", data=data[:10], chunks=(3, 5), maxshape=(40, 50))
    file.create_dataset("tensor", data=rng(2).integers(0, 9, (3, 5, 6, 7)).astype("<i2"),
                        chunks=(2, 2, 4, 3), compression="gzip", shuffle=True)
    file.create_dataset("big_endian", data=data.astype(">f8"), chunks=(10, 10), shuffle=True)
    file.create_dataset("sparse", (40, 40), "<u1", chunks=(10, 10), fillvalue=9)
    file["sparse"][11:14, 33:36] = 1
    shrunk = file.create_dataset("shrunk", data=data, chunks=(5, 5), maxshape=(None, None))
    shrunk.resize((12, 9))
    text = file.create_dataset("texts", (30,), h5py.string_dtype(), chunks=(7,), compression="gzip")
    text[:] = [f"text {i}" for i in range(30)]
    property_list = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    property_list.set_chunk((4, 4))
    property_list.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space = h5py.h5s.create_simple((10, 10))
    early = h5py.h5d.create(file.id, b"early", h5py.h5t.STD_I32LE, space, property_list)
    early.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(100, dtype="<i4").reshape(10, 10))


def paged(file):
    """Chunk indexes large enough to be paged, or to have secondary blocks."""
    data = np.arange(1100, dtype="<u2")
    file.create_dataset("fixed", data=data, chunks=(1,))
    file.create_dataset("extensible", data=data, chunks=(1,), maxshape=(None,))
    file.create_dataset("tree", data=data[:300].reshape(10, 30), chunks=(1, 1),
                        maxshape=(None, None))
    holes = file.create_dataset("holes", (1100,), "<u1", chunks=(1,), fillvalue=3)
    holes[1090] = 1


def paged_filters(file):
    data = np.arange(900, dtype="<u2").astype("<u1")
    file.create_dataset("extensible", data=data, chunks=(2,), maxshape=(None,), shuffle=True,
                        fletcher32=True)


def many(file):
    """A group with many links, an object with many attributes, long names."""
    group = file.create_group("links")
    target = file.create_dataset("target", data=np.arange(3))
    for i in range(90):
        group[f"layer_{i:04d}" if i % 7 else f"layer_with_a_long_name_{i:04d}" * 3] = target
    item = file.create_group("attributes")
    for i in range(25):
        item.attrs[f"attribute {i}"] = f"value {i}" if i % 2 else np.arange(i % 11)


def big_attribute(file):
    """A text of 70 KB: in the global heap, or, if the version allows it, in a dense attribute."""
    text = "".join(chr(97 + (i * i) % 26) for i in range(70000))
    file.attrs["config"] = text
    file.attrs["names"] = ["name %d" % i for i in range(100)]


def huge_attribute(file):
    """Fixed-size attributes above 64 KB, which only dense storage can hold."""
    file.attrs["numbers"] = np.arange(17000, dtype="<i4")
    file.attrs["small"] = 1


def links(file):
    file["here"] = np.arange(4, dtype="<i4")
    file.create_group("group")["again"] = file["here"]
    file["group/cycle"] = file["group"]
    file["soft"] = h5py.SoftLink("/here")
    file["external"] = h5py.ExternalLink("other.h5", "/there")


FILES = [
    ("keras_earliest", keras_like, {}), ("keras_v108", keras_like, dict(libver="v108")),
    ("keras_latest", keras_like, dict(libver="latest")),
    ("scalars_earliest", scalars, {}), ("scalars_latest", scalars, dict(libver="latest")),
    ("chunks_earliest", chunks, {}), ("chunks_latest", chunks, dict(libver="latest")),
    ("paged_v110", paged, dict(libver=("v110", "v110"))),
    ("paged_filters_latest", paged_filters, dict(libver="latest")),
    ("many_earliest", many, {}), ("many_v108", many, dict(libver=("v108", "v108"))),
    ("many_tracked", many, dict(libver="latest", track_order=True)),
    ("big_attribute_earliest", big_attribute, {}),
    ("huge_attribute_v108", huge_attribute, dict(libver=("v108", "v108"))),
    ("user_block", keras_like, dict(userblock_size=1024)),
]

# Read by name only: what their links and data lead to is refused.
REFUSED = [("links", links, {})]


def refused_data(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("lzf", data=np.arange(100), chunks=(50,), compression="lzf")
        file.create_dataset("scaleoffset", data=np.arange(100), chunks=(50,), scaleoffset=8)
        file.create_dataset("external", (4,), "<f4", external=[("other.bin", 0, 16)])
        layout = h5py.VirtualLayout((4,), "<f4")
        layout[:] = h5py.VirtualSource("other.h5", "x", (4,))
        file.create_virtual_dataset("virtual", layout)
        file["compound"] = np.zeros(2, [("a", "<f4"), ("b", "<i4")])
        file["complex"] = np.zeros(2, "<c8")
        file["reference"] = np.array([file["lzf"].ref], dtype=h5py.ref_dtype)
        file["named"] = np.dtype("<f4")
        file["of_named_type"] = file.create_dataset("x", (2,), dtype=file["named"])
        file.create_dataset("unallocated", (1 << 20,), "<f4")
        file.create_dataset("unallocated_chunks", (1 << 20,), "<f4", chunks=(4096,))
        file.create_dataset("long_double", data=np.zeros(2, np.longdouble))
        file.create_dataset("sequences", (2,), h5py.vlen_dtype(np.dtype("<i4")))


def large(path):
    """Writes a file, too large to be kept, whose indexes are deep or paged; returns its lines."""
    with h5py.File(path, "w", libver=("v110", "v110")) as file:
        data = rng(3).integers(0, 256, 150000).astype("<u1")
        file.create_dataset("extensible", data=data, chunks=(1,), maxshape=(None,))
        file.create_dataset("extensible_filters", data=data[:140000], chunks=(1,),
                            maxshape=(None,), shuffle=True)
        file.create_dataset("fixed", data=data[:9000].reshape(90, 100), chunks=(1, 1))
        file.create_dataset("tree", data=data[:12000].reshape(100, 120), chunks=(1, 1),
                            maxshape=(None, None))
        holes = file.create_dataset("holes", (60000,), "<u1", chunks=(1,), maxshape=(None,))
        holes[59000] = 1
        group = file.create_group("links")
        for i in range(5000):
            group["a name of some length %d" % i] = h5py.SoftLink("/%d" % i)
        item = file.create_group("attributes")
        for i in range(1500):
            item.attrs["a name of some length %d" % i] = i
    with h5py.File(path, "r") as file:
        return lines(file)


def main(folder):
    for name, fill, options in FILES + REFUSED:
        path = os.path.join(folder, name + ".h5")
        with h5py.File(path, "w", **options) as file:
            fill(file)
        if (name, fill, options) in REFUSED:
            continue
        with h5py.File(path, "r") as file:
            text = "\n".join(lines(file)) + "\n"
        with open(os.path.join(folder, name + ".txt"), "w") as out:
            out.write(text)
    refused_data(os.path.join(folder, "refused.h5"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else HERE)
