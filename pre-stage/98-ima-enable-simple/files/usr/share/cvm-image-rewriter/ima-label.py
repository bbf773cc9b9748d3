#!/usr/bin/python3
"""Writes security.ima, the SHA-256 digest of a file, on every regular file below the given directories.

One program for all files and no boot in fix mode: the label is what the kernel itself would write (security/integrity/
integrity.h, struct evm_ima_xattr_data: type IMA_XATTR_DIGEST_NG = 4, algorithm HASH_ALGO_SHA256 = 4, digest).
A label that is right already is not written again; hard links count once; other file systems are left alone.

ima-label.py DIRECTORY...
"""
import os
import stat
import sys
import time


def implementations():
    # Faster to load than hashlib, which asks for every kind of digest.
    for module, name in (("_hashlib", "openssl_sha256"), ("_sha2", "sha256"), ("_sha256", "sha256")):
        try:
            yield getattr(__import__(module), name)
        except (ImportError, AttributeError):
            pass


def quickest():
    """OpenSSL's, with the processor's own instructions for it; where those are emulated, plain arithmetic is quicker."""
    best, best_s = None, None
    sample = bytes(1 << 19)
    for make in implementations():
        started = time.perf_counter()
        make(sample).digest()
        took_s = time.perf_counter() - started
        if best is None or took_s < best_s:
            best, best_s = make, took_s
    if best is None:
        from hashlib import sha256 as best
    return best


sha256 = quickest()

PREFIX = b"\x04\x04"
ATTRIBUTE = "security.ima"
CHUNK_BYTES = 1 << 20
PIECE = memoryview(bytearray(CHUNK_BYTES))  # one for all files: a new one each time is a new mapping each time


def files_below(top):
    device = os.lstat(top).st_dev
    stack = [top]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    continue
                info = entry.stat(follow_symlinks=False)
                if info.st_dev != device:
                    continue
                if stat.S_ISDIR(info.st_mode):
                    stack.append(entry.path)
                elif stat.S_ISREG(info.st_mode):
                    yield info, entry.path


def label_of(handle):
    # Most files fit into one piece, and one read that comes up short is the end of a regular file.
    length = os.readv(handle, (PIECE,))
    digest = sha256(PIECE[:length])
    while length == CHUNK_BYTES:
        length = os.readv(handle, (PIECE,))
        digest.update(PIECE[:length])
    return PREFIX + digest.digest()


def label(path):
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME)
    try:
        value = label_of(handle)
        if not has_label(handle, value):
            os.setxattr(handle, ATTRIBUTE, value)
    finally:
        os.close(handle)


def has_label(handle, value):
    # Asked by listing, because most have none yet, and an exception for each takes its time.
    return ATTRIBUTE in os.listxattr(handle) and os.getxattr(handle, ATTRIBUTE) == value


def collect(tops):
    """(bytes, path) of each file once."""
    work, seen = [], set()
    for top in tops:
        if not os.path.isdir(top) or os.path.islink(top):
            continue
        for info, path in files_below(top):
            if info.st_nlink > 1:
                if (info.st_dev, info.st_ino) in seen:
                    continue
                seen.add((info.st_dev, info.st_ino))
            work.append((info.st_size, path))
    return work


def label_all(paths):
    """The exit code of a process that labels its share; says which file it could not."""
    for path in paths:
        try:
            label(path)
        except OSError as error:
            print(f"{path}: {error.strerror}", file=sys.stderr)
            return 1
    return 0


def shares(work, count):
    """Deals the files out, the largest first and each to who has least, so that all are done at the same time."""
    piles = [[0, []] for _ in range(count)]
    for size, path in sorted(work, reverse=True):
        pile = min(piles, key=lambda each: each[0])
        # Opening a file and writing its label costs about as much as reading this many bytes.
        pile[0] += size + 32768
        pile[1].append(path)
    return [paths for _, paths in piles]


def main():
    started = time.monotonic()
    work = collect(sys.argv[1:])
    own, *others = shares(work, max(1, len(os.sched_getaffinity(0))))
    children = []
    for paths in others:
        child = os.fork()
        if child == 0:
            os._exit(label_all(paths))
        children.append(child)
    wrong = label_all(own)
    for child in children:
        wrong |= os.waitpid(child, 0)[1]
    if wrong:
        sys.exit("not every file could be labelled")
    size = sum(bytes for bytes, _ in work)
    print(f"{len(work)} files labelled ({size >> 20} MiB in {time.monotonic() - started:.0f} s)")


main()
