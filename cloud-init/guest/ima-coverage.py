#!/usr/bin/python3
"""Finds files that the IMA policy appraises and that have no label which it takes (security.ima).

Looked at are all file systems that are mounted read-write from the disk. A labelled file is not read, only its label is. What the
policy means for a file is decided as the kernel does it (ima_match_policy in security/integrity/ima/ima_policy.c): of all rules
that appraise or do not, the first that matches. Conditions on who uses the file can be known only when it is used: a rule that
appraises may match then, one that does not appraise does not surely match.

ima-coverage.py [--root ROOT] log|enforce: prints the files, at most LISTED of them, and a summary as the last line. With enforce
it exits with 1 when there is one. --root: of a guest that is not /, one file system, for tests.
"""
import functools
import os
import sys
import time

NO, MAYBE, YES = 0, 1, 2
LISTED = 1000
LISTED_BYTES = 44_000  # the report takes the last 48 KiB of a part's log
NAMED = 5  # in the summary
OURS = "/var/lib/cvm-image-rewriter"  # gone at the end of the run

ATTRIBUTE = "security.ima"
# enum evm_ima_xattr_type of security/integrity/integrity.h
DIGEST_NG = 4
SIGNATURES = (3, 6)
HASHES = {1: "md5", 2: "sha1", 4: "sha256", 5: "sha384", 6: "sha512", 7: "sha224"}  # enum hash_algo of linux/hash_info.h
MODULE_SIGNATURE = b"~Module signature appended~\n"  # MODULE_SIG_STRING of linux/module_signature.h
EXECUTABLE_OR_SHARED = (2, 3)  # ET_EXEC, ET_DYN of elf.h; kernel modules and those of grub are ET_REL

OLD_HOOKS = {"PATH_CHECK": "FILE_CHECK", "FILE_MMAP": "MMAP_CHECK", "MMAP_CHECK_REQPROT": "MMAP_CHECK"}
# With what access a hook looks at a file; FILE_CHECK with any.
MASKS = {"BPRM_CHECK": "MAY_EXEC", "CREDS_CHECK": "MAY_EXEC", "MMAP_CHECK": "MAY_EXEC"}
# What is no condition.
SAYS_HOW = ("appraise_type", "appraise_algos", "appraise_flag", "digest_type", "permit_directio", "func")


class FileSystem:
    def __init__(self, top, kind, source, magic):
        self.top, self.source, self.magic = top, source, magic
        self.kind, _, self.subtype = kind.partition(".")

    @functools.cached_property
    def uuid(self):
        """As udev has read it from the disk; None when nobody knows it."""
        directory = "/dev/disk/by-uuid"
        try:
            for name in os.listdir(directory):
                if os.path.realpath(f"{directory}/{name}") == os.path.realpath(self.source):
                    return name.lower()
        except OSError:
            pass
        return None


class Rule:
    def __init__(self, number, words):
        self.number = number
        self.text = " ".join(words)
        self.appraises = "appraise" in words
        self.conditions = [split_word(word) for word in words if word not in ("appraise", "dont_appraise")]
        values = {name: value for name, _, value in self.conditions}
        hook = values.get("func")
        self.hook = OLD_HOOKS.get(hook, hook)
        self.type = values.get("appraise_type", "")
        self.hashes = values["appraise_algos"].split(",") if "appraise_algos" in values else None

    def is_about_labels(self):
        """It does not take every label."""
        return self.appraises and (self.type != "" or self.hashes is not None)


class File:
    """One that may be appraised; what costs a look at the disk is looked at when a rule asks for it."""

    def __init__(self, path, name, system):
        self.path, self.name, self.system = path, name, system
        self.info = os.lstat(path)

    @functools.cached_property
    def head(self):
        return read_piece(self.path, 0, 18)

    def is_elf(self):
        head = self.head
        return head[:4] == b"\x7fELF" and len(head) == 18 and int.from_bytes(head[16:18], "little") in EXECUTABLE_OR_SHARED

    def is_program(self):
        return self.info.st_mode & 0o111 != 0 and (self.head[:2] == b"#!" or self.is_elf())

    def base(self):
        return self.name.rpartition("/")[2]


def is_module(file):
    return file.base().endswith((".ko", ".ko.gz", ".ko.xz", ".ko.zst"))


def is_in_boot(file, *starts):
    return file.name.startswith("/boot/") and file.base().startswith(starts)


# What can trigger a hook for a file.
HOOKS = {
    "FILE_CHECK": lambda file: True,
    "MODULE_CHECK": is_module,
    "FIRMWARE_CHECK": lambda file: file.name.startswith(("/lib/firmware/", "/usr/lib/firmware/")),
    "KEXEC_KERNEL_CHECK": lambda file: is_in_boot(file, "vmlinu"),
    "KEXEC_INITRAMFS_CHECK": lambda file: is_in_boot(file, "initrd", "initramfs"),
    "POLICY_CHECK": lambda file: file.name == "/etc/ima/ima-policy",
    "BPRM_CHECK": File.is_program,
    "CREDS_CHECK": File.is_program,
    "MMAP_CHECK": File.is_elf,
}


def split_word(word):
    for place, sign in enumerate(word):
        if sign in "=<>":
            return word[:place], sign, word[place + 1 :]
    return word, "", ""


def read_policy(path):
    """The rules that are about appraising, in order."""
    rules = []
    with open(path, encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            words = line.split()
            if words and not words[0].startswith("#") and ("appraise" in words or "dont_appraise" in words):
                rules.append(Rule(number, words))
    return rules


def matches(rule, hook, file):
    if rule.hook not in (None, hook):
        return NO
    return min((holds(name, sign, value, hook, file) for name, sign, value in rule.conditions), default=YES)


def holds(name, sign, value, hook, file):
    system = file.system
    if name in SAYS_HOW:
        return YES
    if name == "mask":
        if hook == "FILE_CHECK":
            return MAYBE
        return surely(value.lstrip("^") == MASKS.get(hook, "MAY_READ"))
    if name == "fowner":
        return surely(compare(file.info.st_uid, sign, int(value)))
    if name == "fgroup":
        return surely(compare(file.info.st_gid, sign, int(value)))
    if name == "fsmagic":
        return MAYBE if system.magic is None else surely(system.magic == int(value, 16))
    if name == "fsname":
        return surely(system.kind == value)
    if name == "fs_subtype":
        return surely(system.subtype == value)
    if name == "fsuuid":
        return MAYBE if system.uuid is None else surely(system.uuid == value[:36].lower())
    # uid, subj_type, obj_type and their like.
    return MAYBE


def surely(condition):
    return YES if condition else NO


def compare(number, sign, other):
    return number > other if sign == ">" else number < other if sign == "<" else number == other


def appraising_rule(rules, hook, file):
    """The rule by which the kernel would appraise the file at this hook."""
    for rule in rules:
        match = matches(rule, hook, file)
        if rule.appraises and match != NO:
            return rule
        if not rule.appraises and match == YES:
            return None
    return None


def wrong_label(rule, label, file):
    """Why the rule does not take the label; None when it does. Whether a digest or a signature is right is not looked at."""
    if not label:
        return "no label"
    if rule.type and label[0] not in SIGNATURES and not (rule.type.endswith("modsig") and has_appended_signature(file)):
        return "its label is a digest, and the rule asks for a signature"
    if rule.hashes is not None and label[0] == DIGEST_NG and HASHES.get(label[1]) not in rule.hashes:
        return f"its label is {HASHES.get(label[1], 'another digest')}, and the rule asks for {','.join(rule.hashes)}"
    return None


def has_appended_signature(file):
    length = len(MODULE_SIGNATURE)
    return file.info.st_size >= length and read_piece(file.path, file.info.st_size - length, length) == MODULE_SIGNATURE


def read_piece(path, offset, length):
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME)
    try:
        return os.pread(handle, length, offset)
    finally:
        os.close(handle)


def label_of(path):
    try:
        return os.getxattr(path, ATTRIBUTE, follow_symlinks=False)
    except OSError:
        return b""  # none, or a file system that can have none


def regular_files(top, elsewhere):
    """Paths below a directory, other mount points left out."""
    stack = [top]
    while stack:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.path not in elsewhere:
                            stack.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry.path
        except FileNotFoundError:
            continue  # gone meanwhile


def mounts():
    """proc(5), mountinfo: mount point, its options, and behind the dash the kind, the source and the options of the file system."""
    found = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            mount, _, system = line.rstrip("\n").partition(" - ")
            kind, source, options = system.split(" ", 2)
            top, own = mount.split(" ")[4:6]
            top = top.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
            # What is mounted later hides what is below.
            found[top] = (kind, source, {*own.split(","), *options.split(",")})
    return found


def is_writable_disk(kind, source, options):
    return "ro" not in options and (source.startswith("/dev/") or kind in ("zfs", "bcachefs"))


def magics_of(tops):
    """Numbers of the file systems, of linux/magic.h, as statfs gives them: Python has no call for it."""
    end, start = os.pipe()
    arguments = ["stat", "-f", "-c", "%t", "--", *tops]
    child = os.posix_spawnp("stat", arguments, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, start, 1)])
    os.close(start)
    with open(end, encoding="ascii") as said:
        numbers = said.read().split()
    os.waitpid(child, 0)
    return [int(number, 16) for number in numbers] if len(numbers) == len(tops) else [None] * len(tops)


def file_systems(root):
    """Those to look at, and the mount points that are not looked into from above."""
    found = mounts()
    if root:
        # The longest mount point that it is below.
        above = max((top for top in found if f"{root}/".startswith(f"{top.rstrip('/')}/")), key=len)
        tops, kinds = [root], [found[above]]
    else:
        tops = [top for top, mount in found.items() if is_writable_disk(*mount)]
        kinds = [found[top] for top in tops]
    systems = [FileSystem(top, kind, source, magic) for top, (kind, source, _), magic in zip(tops, kinds, magics_of(tops))]
    return systems, {*found, f"{root}{OURS}"}


def uncovered_of(system, root, elsewhere, rules):
    """(file, rule, why) of each file that has no label that its rule takes; and how many were looked at."""
    about_labels = any(rule.is_about_labels() for rule in rules)
    # Only those that a rule can be about.
    hooks = {hook: triggers for hook, triggers in HOOKS.items() if any(rule.appraises and rule.hook in (None, hook) for rule in rules)}
    uncovered, looked_at = [], 0
    for path in regular_files(system.top, elsewhere):
        looked_at += 1
        label = label_of(path)
        if label and not about_labels:
            continue
        try:
            file = File(path, path[len(root) :], system)
            for hook, triggers in hooks.items():
                rule = appraising_rule(rules, hook, file) if triggers(file) else None
                why = None if rule is None else wrong_label(rule, label, file)
                if why is not None:
                    uncovered.append((file, rule, why))
                    break
        except FileNotFoundError:
            continue  # gone meanwhile
    return uncovered, looked_at


def show(name):
    """In one line, whatever its bytes are."""
    return name if name.isprintable() else "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)


def print_list(uncovered):
    """The rules once each, then the files with the lines of their rules."""
    room = LISTED_BYTES
    for number, text in sorted({(rule.number, rule.text) for _, rule, _ in uncovered}):
        print(f"line {number} of the policy: {text}")
    for count, (file, rule, why) in enumerate(uncovered):
        line = f"{show(file.name)}: {why} (line {rule.number})"
        room -= len(line.encode(errors="replace")) + 1
        if count == LISTED or room < 0:
            print(f"and {len(uncovered) - count} more")
            return
        print(line)


def summary(uncovered, mode, looked_at):
    if not uncovered:
        return f"every file that the policy appraises has a label ({looked_at} files looked at)"
    names = ", ".join(show(file.name) for file, _, _ in uncovered[:NAMED])
    more = f" and {len(uncovered) - NAMED} more" if len(uncovered) > NAMED else ""
    count = "1 file" if len(uncovered) == 1 else f"{len(uncovered)} files"
    said = f"{count} that the policy appraises without a label that it takes: {names}{more}"
    if any(why.startswith("its label is a digest") for _, _, why in uncovered):
        said += "; where the policy asks for signatures, no digest will do"
    if mode == "log":
        return f"{said}. They can be used (log), unless Secure Boot is on: then the kernel enforces"
    return f"{said}. The kernel would refuse them: label their directories, narrow the policy, or use appraise: log"


def main():
    started = time.monotonic()
    words = sys.argv[1:]
    root = ""
    if words[:1] == ["--root"]:
        root, words = words[1], words[2:]
    if words not in (["log"], ["enforce"]):
        sys.exit(__doc__)
    [mode] = words
    sys.stdout.reconfigure(errors="backslashreplace")
    rules = read_policy(f"{root}/etc/ima/ima-policy")
    systems, elsewhere = file_systems(root)
    uncovered, looked_at = {}, 0
    for system in systems:
        found, count = uncovered_of(system, root, elsewhere, rules)
        looked_at += count
        for file, rule, why in found:
            # A file with several names, or below a second mount, is one file.
            uncovered.setdefault((file.info.st_dev, file.info.st_ino), (file, rule, why))
    files = sorted(uncovered.values(), key=lambda each: each[0].name)
    print(f"{looked_at} files of {', '.join(system.top for system in systems)} looked at in {time.monotonic() - started:.1f} s")
    print_list(files)
    print(summary(files, mode, looked_at))
    if files and mode == "enforce":
        sys.exit(1)


main()
