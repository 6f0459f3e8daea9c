"""Lies of `.keras` archives: zip structure, members, and variables kept by number."""

from keras_files import *


def archive(path, members=None, **options):
    write(path, zip_bytes(keras_members() if members is None else members, **options))


def with_extra(path, *extra, **options):
    archive(path, keras_members() + list(extra), **options)


def structure():
    plain = zip_bytes(keras_members())
    write("cut.keras", plain[:-200])
    write("wrong-magic.keras", b"PK\3\5" + plain[4:])
    archive("bytes-before.keras", before=b"#!/bin/sh\n")
    archive("bytes-after.keras", after=b"appended")
    archive("entries-too-many.keras", entries=4)
    archive("entries-too-few.keras", entries=2)
    end = plain[-22:]
    archive("two-ends.keras", comment=end[:20] + b"\0\0")
    with_extra("member-twice.keras", Member("config.json", "{}"))
    with_extra("member-encrypted.keras", Member("assets/a", "abc", flags=1))
    with_extra("member-symlink.keras", Member("assets/a", "/etc/passwd", mode=0o120777))
    with_extra("member-device.keras", Member("assets/a", "", mode=0o020666))
    for path, name in [
        ("member-absolute.keras", "/etc/passwd"), ("member-parent.keras", "../../etc/passwd"),
        ("member-inner-parent.keras", "assets/../../a"), ("member-backslash.keras", "..\\a"),
        ("member-nul.keras", "config.json\0.txt"), ("member-drive.keras", "C:/a"),
        ("member-unnamed.keras", ""), ("member-not-utf8.keras", b"assets/\xff"),
    ]:
        with_extra(path, Member(name, "abc"))
    with_extra("member-bzip2.keras", Member("assets/a", "abc", central_method=12, local_method=12))
    with_extra("member-other-name.keras", Member("assets/a", "abc", local_name=b"assets/b"))
    with_extra("member-other-method.keras", Member("assets/a", "abc", local_method=8))
    with_extra("member-other-size.keras", Member("assets/a", "abc", local_count=4))
    with_extra("member-stored-size.keras", Member("assets/a", "abc", count=400))
    with_extra("member-beyond.keras", Member("assets/a", "abc", compressed=1 << 20, count=1 << 20))
    with_extra("member-overlap.keras", Member("metadata.json", METADATA, local_missing=True,
                                              offset=lambda body: 0))
    overlap = keras_members()
    overlap.append(Member("assets/a", overlap[1].content, local_missing=True,
                          local_name=b"config.json", offset=lambda body: body.index(b"PK\3\4", 4)))
    archive("member-shared.keras", overlap)
    # An entry whose content holds the next entry, headers and all.
    quoted = zip_bytes([Member("assets/b", "inside")])
    inner_end = quoted.index(b"PK\1\2")
    with_extra("member-inside.keras", Member("assets/a", quoted[:inner_end]), Member(
        "assets/b", "inside", local_missing=True,
        offset=lambda body: body.index(b"assets/b") - 30))


def contents():
    def damaged(index, **lies):
        members = keras_members()
        old = members[index]
        members[index] = Member(old.name, old.content, **lies)
        return members

    archive("crc-config.keras", damaged(1, crc=1))
    archive("crc-weights.keras", damaged(2, crc=1))
    archive("crc-weights-deflated.keras", damaged(2, crc=1, method=8))
    archive("inflates-to-more.keras", damaged(1, method=8, count=100))
    archive("inflates-to-less.keras", damaged(1, method=8, count=5000))
    archive("deflate-damaged.keras", damaged(1, method=8, raw=b"\xff" * 300))
    # One megabyte that claims to be 1 GiB, and 80 MiB that 90 bytes really hold.
    archive("bomb-claimed.keras", damaged(2, method=8, count=1 << 30))
    zeros = json.dumps(MLP) + " " * (65 << 20)
    archive("bomb-config.keras", keras_members(config=zeros)[:1] + [
        Member("config.json", zeros, method=8)] + keras_members()[2:])
    packed("bomb-config.keras")
    bomb = sequential(input_layer(shape=(4096,)), dense(units=5120))

    def bomb_kernel(group, name):
        data = group.create_dataset(
            name, shape=(4096, 5120), chunks=(512, 5120), dtype="<f4", compression="gzip",
            compression_opts=9)
        for start in range(0, 4096, 512):
            data[start:start + 512] = np.zeros((512, 5120), F32)

    def stored_zeros(group, name):
        group.create_dataset(name, data=np.zeros((4096, 5120), F32))

    archive("bomb-in-bomb.keras", keras_members(bomb, object_weights({
        "dense": [Raw(bomb_kernel), np.zeros(5120, F32)]}), weights_method=8))
    archive("bomb-weights.keras", keras_members(bomb, object_weights({
        "dense": [Raw(stored_zeros), np.zeros(5120, F32)]}), weights_method=8))
    packed("bomb-weights.keras")
    archive("config-missing.keras", [keras_members()[0], keras_members()[2]])
    archive("weights-missing.keras", keras_members()[:2])
    archive("weights-npz.keras", keras_members()[:2] + [Member("model.weights.npz", "PK")])
    archive("weights-not-hdf5.keras", keras_members(weights=b"<html></html>"))
    archive("weights-cut.keras", keras_members(weights=mlp_objects()[:1200]))
    archive("json-page.keras", keras_members(config="<html></html>"))
    archive("json-deep.keras", keras_members(config="[" * 3_000))
    archive("json-duplicate-key.keras", keras_members(config=json.dumps(MLP).replace(
        '"units": 3', '"units": 3, "units": 4')))
    archive("json-metadata.keras", keras_members(metadata='{"keras_version": '))


def variables():
    kernel, bias = values(4, 3), values(3, seed=2)

    def objects(path, layers, config=MLP, edit=None):
        archive(path, keras_members(config, object_weights(layers, edit=edit)))

    objects("group-missing.keras", {})
    objects("group-extra.keras", {"dense": [kernel, bias], "dense_1": [kernel, bias]})
    objects("variable-missing.keras", {"dense": [kernel]})
    objects("variable-extra.keras", {"dense": [kernel, bias, bias]})
    objects("variable-misshaped.keras", {"dense": [values(4, 4), bias]})
    objects("variables-swapped.keras", {"dense": [bias, kernel]})

    def soft(group, name):
        group.file["elsewhere"] = kernel
        group[name] = h5py.SoftLink("/elsewhere")

    objects("link-soft.keras", {"dense": [Raw(soft), bias]})
    objects("link-external.keras", {"dense": [Raw(lambda group, name: group.__setitem__(
        name, h5py.ExternalLink("/etc/passwd", "/x"))), bias]})
    objects("external-storage.keras", {"dense": [Raw(lambda group, name: group.create_dataset(
        name, shape=(4, 3), dtype="<f4", external=[("/etc/passwd", 0, 48)])), bias]})
    custom = sequential(input_layer(), layer("Dense", "dense", module="mine", units=3))

    def cycle(file):
        file["layers/dense/again"] = file["layers"]

    objects("link-cycle.keras", {"dense": [kernel, bias]}, custom, edit=cycle)
    bad = kernel.copy()
    bad[1, 2] = np.nan
    objects("kernel-nan.keras", {"dense": [bad, bias]})
    weights = list(normed_weights()["norm"].values())
    weights[3] = -weights[3] - 1
    objects("variance-negative.keras", {
        "dense": [kernel, bias], "batch_normalization": weights}, NORMED)


def accepted():
    members = keras_members(weights_method=8)
    members[1] = Member("config.json", members[1].content, method=8)
    archive("accepted/deflated.keras", members)
    with_extra("accepted/assets.keras", Member("assets/", "", mode=0o040755),
               Member("assets/vocabulary.txt", "a\nb\n"))
    archive("accepted/comment.keras", comment=b"PK\5\6 is not an end here")
    archive("accepted/reversed-members.keras", keras_members()[::-1])
    archive("accepted/no-metadata.keras", keras_members()[1:])
    members = keras_members()
    for member in members:
        member.mode = 0
    archive("accepted/no-permissions.keras", members)


def make():
    structure()
    contents()
    variables()
    accepted()
