#!/usr/bin/python3
"""Writes security.ima, the SHA-256 digest of a file, on every regular file below the given directories.

One process for all files and no boot in fix mode: the label is what the kernel itself would write (security/integrity/
integrity.h, struct evm_ima_xattr_data: type IMA_XATTR_DIGEST_NG = 4, algorithm HASH_ALGO_SHA256 = 4, digest).
A file that has the right label already is left alone; hard links count once.
"""
import hashlib
import os
import stat
import sys
import time

PREFIX = b"\x04\x04"
ATTRIBUTE = "security.ima"


def files_below(top):
    device = os.lstat(top).st_dev
    stack = [top]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                info = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(info.st_mode):
                    if info.st_dev == device:
                        stack.append(entry.path)
                elif stat.S_ISREG(info.st_mode):
                    yield info, entry.path


def label(path):
    with open(path, "rb", buffering=0) as handle:
        value = PREFIX + hashlib.file_digest(handle, "sha256").digest()
    os.setxattr(path, ATTRIBUTE, value, follow_symlinks=False)


def digest_of(handle):
    digest = hashlib.sha256()
    while chunk := handle.read(1 << 20):
        digest.update(chunk)
    return digest


if not hasattr(hashlib, "file_digest"):  # before Python 3.11
    hashlib.file_digest = lambda handle, _name: digest_of(handle)


def share(work):
    """Labels a share of the files; the number of files and bytes."""
    size = 0
    for length, path in work:
        label(path)
        size += length
    return len(work), size


def main():
    started = time.monotonic()
    work, seen = [], set()
    for top in sys.argv[1:]:
        if not os.path.isdir(top) or os.path.islink(top):
            continue
        for info, path in files_below(top):
            if (info.st_dev, info.st_ino) not in seen:
                seen.add((info.st_dev, info.st_ino))
                work.append((info.st_size, path))
    size = sum(length for length, _ in work)

    # One process a CPU. The files are dealt out by turns, the largest first, so that the shares are alike.
    workers = max(1, len(os.sched_getaffinity(0)))
    work.sort(reverse=True)
    children = []
    for number in range(1, workers):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                share(work[number::workers])
                status = 0
            except OSError as error:
                print(error, file=sys.stderr)
            os._exit(status)
        children.append(child)
    share(work[0::workers])
    for child in children:
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
            sys.exit("not every file could be labelled")
    seconds = time.monotonic() - started
    print(f"{len(work)} files labelled ({size >> 20} MiB in {seconds:.0f} s)")


main()
