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


def openssl_sha256():
    """OpenSSL's SHA-256, which takes the processor's own instructions for it, and vectors.

    QEMU emulates both more slowly than OpenSSL's plain arithmetic (60 against 84 MiB/s), so there they are hidden from it
    before it is loaded. OPENSSL_ia32cap(3): bits 41 SSSE3 and 60 AVX, then in the next word 5 AVX2, 8 BMI2 and 29 SHA.
    """
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as processors:
        if "TCG" in processors.read(4096):
            os.environ.setdefault("OPENSSL_ia32cap", "~0x1000020000000000:~0x20000120")
    try:
        # Faster to load than hashlib, which asks for every kind of digest.
        from _hashlib import openssl_sha256 as make
    except ImportError:
        from hashlib import sha256 as make
    return make


sha256 = openssl_sha256()

PREFIX = b"\x04\x04"
ATTRIBUTE = "security.ima"
CHUNK_BYTES = 1 << 20
PIECE = memoryview(bytearray(CHUNK_BYTES))  # one for all files: a new one each time is a new mapping each time
BATCH_FILES = 32  # at the least
BATCHES = 1000  # at the most: all their numbers fit into a pipe, which holds a page
NUMBER_BYTES = 4


def files_below(top):
    """((device, inode), path) of each regular file on the file system of the directory."""
    device = os.lstat(top).st_dev
    stack = [top]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                info = entry.stat(follow_symlinks=False)
                if info.st_dev != device:
                    continue
                if stat.S_ISDIR(info.st_mode):
                    stack.append(entry.path)
                elif stat.S_ISREG(info.st_mode):
                    yield (device, info.st_ino), entry.path


def batches_of(tops):
    """Lists of paths: each inode once, in the order of the inodes, which is about their order on the disk."""
    paths = {}
    for top in tops:
        if os.path.isdir(top) and not os.path.islink(top):
            paths.update(files_below(top))
    ordered = [path for _, path in sorted(paths.items())]
    length = max(BATCH_FILES, len(ordered) // BATCHES + 1)
    return [ordered[start : start + length] for start in range(0, len(ordered), length)]


def label_of(handle):
    # Most files fit into one piece, and one read that comes up short is the end of a regular file.
    length = os.readv(handle, (PIECE,))
    digest = sha256(PIECE[:length])
    while length == CHUNK_BYTES:
        length = os.readv(handle, (PIECE,))
        digest.update(PIECE[:length])
    return PREFIX + digest.digest()


def open_file(path):
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME)


def label(path):
    handle = open_file(path)
    try:
        value = label_of(handle)
        if not has_label(handle, value):
            os.setxattr(handle, ATTRIBUTE, value)
    finally:
        os.close(handle)


def has_label(handle, value):
    # Asked by listing, because most have none yet, and an exception for each takes its time.
    return ATTRIBUTE in os.listxattr(handle) and os.getxattr(handle, ATTRIBUTE) == value


def read_ahead(batch):
    """Asks the kernel to fetch the files, so that the disk works while the processor computes digests."""
    for path in batch:
        try:
            handle = open_file(path)
        except OSError:
            continue  # its turn comes, and then it is said
        os.posix_fadvise(handle, 0, CHUNK_BYTES, os.POSIX_FADV_WILLNEED)
        os.close(handle)


def take(queue, batches):
    """The next batch that nobody has taken, on its way from the disk; None after the last."""
    number = os.read(queue, NUMBER_BYTES)
    if not number:
        return None
    batch = batches[int.from_bytes(number, "big")]
    read_ahead(batch)
    return batch


def label_batches(queue, batches):
    """The exit code of a process that labels what it takes from the queue; says which file it could not."""
    batch = take(queue, batches)
    while batch is not None:
        following = take(queue, batches)
        for path in batch:
            try:
                label(path)
            except OSError as error:
                print(f"{path}: {error.strerror}", file=sys.stderr)
                return 1
        batch = following
    return 0


def filled_queue(count):
    """A pipe with the numbers 0 to count - 1, from which each process takes when it is ready for more."""
    queue, end = os.pipe()
    os.write(end, b"".join(number.to_bytes(NUMBER_BYTES, "big") for number in range(count)))
    os.close(end)
    return queue


def main():
    started = time.monotonic()
    batches = batches_of(sys.argv[1:])
    queue = filled_queue(len(batches))
    children = []
    for _ in range(len(os.sched_getaffinity(0)) - 1):
        child = os.fork()
        if child == 0:
            os._exit(label_batches(queue, batches))
        children.append(child)
    wrong = label_batches(queue, batches)
    for child in children:
        wrong |= os.waitpid(child, 0)[1]
    if wrong:
        sys.exit("not every file could be labelled")
    print(f"{sum(map(len, batches))} files labelled in {time.monotonic() - started:.0f} s")


main()
