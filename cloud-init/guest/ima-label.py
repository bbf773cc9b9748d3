#!/usr/bin/python3
"""Writes security.ima, the digest of a file, on every regular file below the given directories.

One program for all files and no boot in fix mode: the label is what the kernel itself would write (security/integrity/
integrity.h, struct evm_ima_xattr_data: type IMA_XATTR_DIGEST_NG = 4, algorithm, digest).
A label that is right already is not written again; hard links count once; other file systems are left alone.

ima-label.py [--hash sha256|sha384|sha512] [--keep-signatures] [--remember FILE] DIRECTORY...

--keep-signatures: a label that is a signature stays, for a policy that asks for signatures.
--remember: what was labelled is written down in FILE (device, inode, size, times of change), and what stands there and has not
changed since is not even opened. So a first pass can run beside slower work, and a last one takes moments.
"""
import os
import stat
import sys
import time


def openssl_digest(name):
    """OpenSSL's SHA-2, which takes the processor's own instructions for it, and vectors.

    QEMU emulates both more slowly than OpenSSL's plain arithmetic (60 against 84 MiB/s), so there they are hidden from it
    before it is loaded. OPENSSL_ia32cap(3): bits 41 SSSE3 and 60 AVX, then in the next word 5 AVX2, 8 BMI2 and 29 SHA.
    """
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as processors:
        if "TCG" in processors.read(4096):
            os.environ.setdefault("OPENSSL_ia32cap", "~0x1000020000000000:~0x20000120")
    try:
        # Faster to load than hashlib, which asks for every kind of digest.
        import _hashlib as digests
        name = f"openssl_{name}"
    except ImportError:
        import hashlib as digests
    return getattr(digests, name)


DIGEST_NG = 4  # IMA_XATTR_DIGEST_NG
SIGNATURES = (3, 6)  # EVM_IMA_XATTR_DIGSIG, IMA_VERITY_DIGSIG
ALGORITHMS = {"sha256": 4, "sha384": 5, "sha512": 6}  # enum hash_algo of linux/hash_info.h
ATTRIBUTE = "security.ima"
CHUNK_BYTES = 1 << 20
PIECE = memoryview(bytearray(CHUNK_BYTES))  # one for all files: a new one each time is a new mapping each time
BATCH_FILES = 32  # at the least
BATCHES = 1000  # at the most: all their numbers fit into a pipe, which holds a page
NUMBER_BYTES = 4
SETTLED_NS = 2_000_000_000  # the clock of file times stands still for up to 10 ms; a file as young as that is looked at again


def files_below(top):
    """((device, inode), path, what it is known by) of each regular file on the file system of the directory."""
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
                    yield (device, info.st_ino), entry.path, identity(info)


def identity(info):
    """By this a file is known again as long as nobody has changed it, its attributes included."""
    return f"{info.st_dev}:{info.st_ino}:{info.st_size}:{info.st_mtime_ns}:{info.st_ctime_ns}"


def files_to_label(tops, known):
    """Paths in the order of their inodes, which is about their order on the disk; and how many files there are with those known."""
    paths = {}
    for top in tops:
        if os.path.isdir(top) and not os.path.islink(top):
            for inode, path, name in files_below(top):
                paths[inode] = None if name in known else path
    return [path for _, path in sorted(paths.items()) if path is not None], len(paths)


def batches_of(ordered):
    length = max(BATCH_FILES, len(ordered) // BATCHES + 1)
    return [ordered[start : start + length] for start in range(0, len(ordered), length)]


def options_of(words):
    """The hash, whether signatures stay, the file to remember in, and the directories."""
    hash_name, keep, file = "sha256", False, None
    words = list(words)
    while words and words[0].startswith("--"):
        option = words.pop(0)
        if option == "--keep-signatures":
            keep = True
        elif option == "--hash" and words and words[0] in ALGORITHMS:
            hash_name = words.pop(0)
        elif option == "--remember" and words:
            file = words.pop(0)
        else:
            sys.exit(f"{option}: no such option, or not with what follows")
    return hash_name, keep, file, words


HASH, KEEP_SIGNATURES, MEMORY, TOPS = options_of(sys.argv[1:])
PREFIX = bytes((DIGEST_NG, ALGORITHMS[HASH]))
digest_of = openssl_digest(HASH)


def label_of(handle):
    # Most files fit into one piece, and one read that comes up short is the end of a regular file.
    length = os.readv(handle, (PIECE,))
    digest = digest_of(PIECE[:length])
    while length == CHUNK_BYTES:
        length = os.readv(handle, (PIECE,))
        digest.update(PIECE[:length])
    return PREFIX + digest.digest()


def open_file(path):
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME)


def label(path):
    """What the file is known by from now on; None when it is too young, or somebody changed it meanwhile."""
    handle = open_file(path)
    try:
        before = os.fstat(handle)
        value = label_of(handle)
        if not has_label(handle, value):
            os.setxattr(handle, ATTRIBUTE, value)
        after = os.fstat(handle)
    finally:
        os.close(handle)
    settled = abs(time.time_ns() - before.st_mtime_ns) > SETTLED_NS
    same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    return identity(after) if settled and same else None


def has_label(handle, value):
    # Asked by listing, because most have none yet, and an exception for each takes its time.
    if ATTRIBUTE not in os.listxattr(handle):
        return False
    present = os.getxattr(handle, ATTRIBUTE)
    return present == value or (KEEP_SIGNATURES and present[:1] != b"" and present[0] in SIGNATURES)


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


def label_batches(queue, batches, memory):
    """The exit code of a process that labels what it takes from the queue; says which file it could not."""
    batch = take(queue, batches)
    while batch is not None:
        following = take(queue, batches)
        done = []
        for path in batch:
            try:
                done.append(label(path))
            except OSError as error:
                print(f"{path}: {error.strerror}", file=sys.stderr)
                return 1
        if memory is not None:
            # One write for all, at the end of the file: whole lines, whichever process comes first, and whatever ends it.
            os.write(memory, "".join(f"{name}\n" for name in done if name).encode())
        batch = following
    return 0


def remembered(file):
    """What an earlier pass has written down, and the file to write on."""
    if file is None:
        return set(), None
    memory = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with open(memory, closefd=False) as lines:
        return set(lines.read().splitlines()), memory


def filled_queue(count):
    """A pipe with the numbers 0 to count - 1, from which each process takes when it is ready for more."""
    queue, end = os.pipe()
    os.write(end, b"".join(number.to_bytes(NUMBER_BYTES, "big") for number in range(count)))
    os.close(end)
    return queue


def main():
    started = time.monotonic()
    known, memory = remembered(MEMORY)
    paths, count = files_to_label(TOPS, known)
    batches = batches_of(paths)
    queue = filled_queue(len(batches))
    children = []
    for _ in range(len(os.sched_getaffinity(0)) - 1):
        child = os.fork()
        if child == 0:
            os._exit(label_batches(queue, batches, memory))
        children.append(child)
    wrong = label_batches(queue, batches, memory)
    for child in children:
        wrong |= os.waitpid(child, 0)[1]
    if wrong:
        sys.exit("not every file could be labelled")
    earlier = f", {count - len(paths)} of them beside the initrd's rebuild" if known else ""
    print(f"{count} files labelled{earlier}; this took {time.monotonic() - started:.0f} s")


main()
