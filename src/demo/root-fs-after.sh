#!/bin/sh
# Run by mmdebstrap (--customize-hook) on the host, after after-packages.sh, for a guest whose root is not ext4.
# $1: root directory of the guest. DEMO_ROOT_FS: its file system.
set -eu
root=${1:?root directory of the guest}
# Everything below writes under this directory, perhaps as root: an empty name would be the host itself.
[ -d "$root/var/lib/dpkg" ] && [ "$(cd "$root" && pwd -P)" != / ] || exit 1

# The stand-in for grub-probe has answered for ext4.
sed -i "s/insmod ext2/insmod $DEMO_ROOT_FS/" "$root/boot/grub/grub.cfg"

# mkfs.xfs takes a list of files in which a name that begins with a colon is a comment. ucf names its copies like that; without
# them it cannot offer a merge of three versions, and makes them anew at the next upgrade.
[ "$DEMO_ROOT_FS" != xfs ] || rm -f "$root"/var/lib/ucf/cache/:*

# That list has no room for capabilities and the like, and fakeroot forgets them before mkfs.btrfs runs: better no guest than one
# that lacks them without a word. (Access control lists no guest gets from here: systemd-tmpfiles sets that of the journal.)
chroot "$root" python3 - <<'END'
import os, sys

lost = []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/dev")]
    for path in [os.path.join(folder, name) for name in files] + [folder]:
        names = os.listxattr(path, follow_symlinks=False)
        lost += [f"{path}: {name}" for name in names if name == "security.capability" or name.startswith("user.")]
if lost:
    sys.exit("extended attributes cannot be carried over: " + ", ".join(lost[:10]))
END
