import type { ExitClass } from './exit.js'

/**
 * Every error a user can act on: its exit class, its meaning, what to do.
 *
 * This table is the only home of the codes. `cvm-rewrite explain CODE` prints an entry and
 * docs/errors.md holds the same text (a test compares them).
 */
export const ERRORS = {
  USAGE: {
    exit: 'usage',
    meaning: 'The command line is wrong: an option is unknown, missing or has a bad value.',
    next: 'See --help; nothing was touched.',
  },
  LAUNCH_INVALID: {
    exit: 'usage',
    meaning: 'A launch file, a launch option or a launch identity is wrong, or several of them do not go together.',
    next: 'See docs/launch.md; nothing was started.',
  },
  EXPECTATIONS_INVALID: {
    exit: 'usage',
    meaning: 'An expectation given with --expect is wrong.',
    next: 'See docs/boot-test.md; nothing was started.',
  },
  INPUT_NOT_FOUND: { exit: 'usage', meaning: 'The input image does not exist.', next: 'Check the path given with -i.' },
  OUTPUT_IS_INPUT: {
    exit: 'usage',
    meaning: 'Input and output are the same file (by name, link or mount).',
    next: 'Give another path with -o.',
  },
  OUTPUT_EXISTS: {
    exit: 'usage',
    meaning: 'The output file is already there.',
    next: 'Use --force to replace it; the old file is kept until the new one is complete.',
  },
  DOMAIN_EXISTS: {
    exit: 'usage',
    meaning:
      'libvirt has a domain of that name already. One that runs, or that this program did not make, is never touched.',
    next: 'Give another name; a domain that this program made, and that is shut off, is replaced with --force.',
  },
  PLUGIN_UNKNOWN: {
    exit: 'usage',
    meaning: 'A name given to --skip or --only matches no plugin.',
    next: 'List them with: cvm-rewrite plugin list',
  },
  IDENTITY_INVALID: {
    exit: 'usage',
    meaning: 'A value of the launch identity, or a file or key that it is made of, cannot be used.',
    next: 'Give the value in another form; docs/identity.md has them all.',
  },

  TEE_UNAVAILABLE: {
    exit: 'host',
    meaning:
      'This machine cannot start guests of this kind (TDX, SEV-SNP): a kernel module, a CPU feature or a QEMU object is missing.',
    next: 'Test on such a machine, or leave --type out; --dry-run shows the command.',
  },
  KEYS_REFUSED: {
    exit: 'usage',
    meaning: 'A certificate, a private key or a dbx entry is not what belongs there. All problems are listed.',
    next: 'Give other files; nothing was written.',
  },
  EFI_FILE_INVALID: {
    exit: 'image',
    meaning: 'The file is not a program that a UEFI firmware could load (PE).',
    next: 'Give a boot loader, a kernel or a unified kernel image.',
  },

  VSOCK_UNAVAILABLE: {
    exit: 'host',
    meaning: 'A guest with a vsock device is asked for, and this machine cannot give it one.',
    next: 'As root: modprobe vhost_vsock; or leave out -v and -q vsock.',
  },
  TOOL_MISSING: {
    exit: 'host',
    meaning: 'Programs that the run needs are not installed.',
    next: 'Install them with the one apt line that the message shows.',
  },
  KVM_UNUSABLE: {
    exit: 'host',
    meaning: '--accel kvm was asked for, but a probe guest did not run under KVM.',
    next: 'Use --accel tcg (slow, works everywhere), or mend KVM: cvm-rewrite doctor',
  },
  LIBVIRT_UNREACHABLE: {
    exit: 'host',
    meaning: 'No libvirt daemon answers at the address, and none could be started.',
    next: 'Check -s, or run without it: a private daemon is used then.',
  },
  FIRMWARE_MISSING: {
    exit: 'host',
    meaning: 'The image needs UEFI and no UEFI firmware is installed.',
    next: 'apt-get install ovmf',
  },
  BUILDER_UNABLE: {
    exit: 'host',
    meaning:
      'The demo guest cannot be built here: that needs root with CAP_SYS_ADMIN, or a user with subordinate ids who may make user namespaces.',
    next: 'Run as root, or give the user subordinate ids: see the message.',
  },
  HOST_TOO_SMALL: {
    exit: 'host',
    meaning: 'The machine has less free memory or fewer CPUs than asked for.',
    next: 'Lower --memory or --vcpus.',
  },

  INPUT_NOT_A_FILE: {
    exit: 'image',
    meaning: 'The input is a directory, device, pipe or socket.',
    next: 'Give a regular file.',
  },
  INPUT_UNREADABLE: { exit: 'image', meaning: 'The input file cannot be read.', next: 'Check its permissions.' },
  INPUT_EMPTY: { exit: 'image', meaning: 'The input file has no bytes.', next: 'Download or copy it again.' },
  INPUT_CHANGED: {
    exit: 'image',
    meaning: 'The input file changed while it was in use.',
    next: 'Stop whatever writes to it and run again.',
  },
  IMAGE_FORMAT_REFUSED: {
    exit: 'image',
    meaning: 'The input is not a qcow2 image or a raw disk image.',
    next: 'Decompress or convert it first: qemu-img convert -O qcow2 …',
  },
  IMAGE_CORRUPT: {
    exit: 'image',
    meaning: 'The qcow2 structures are damaged or cut short.',
    next: 'Download or copy it again; qemu-img check shows details.',
  },
  IMAGE_HAS_BACKING_FILE: {
    exit: 'image',
    meaning:
      'The image refers to another file (backing file). Opening such an image can read or write files on this host.',
    next: 'If you trust it, flatten it yourself first: qemu-img convert -O qcow2 IMAGE flat.qcow2',
  },
  IMAGE_HAS_DATA_FILE: {
    exit: 'image',
    meaning: 'The image keeps its data in another file (external data file).',
    next: 'If you trust it, flatten it yourself first: qemu-img convert -O qcow2 IMAGE flat.qcow2',
  },
  IMAGE_ENCRYPTED: {
    exit: 'image',
    meaning: 'The image is encrypted.',
    next: 'Decrypt it with qemu-img convert first.',
  },
  IMAGE_FEATURE_UNKNOWN: {
    exit: 'image',
    meaning: 'The qcow2 header uses features that this program does not know.',
    next: 'Convert it with a matching qemu-img: qemu-img convert -O qcow2 …',
  },
  IMAGE_TOO_LARGE: {
    exit: 'image',
    meaning: 'The virtual disk is larger than the limit of 2 TiB.',
    next: 'Use a smaller disk; a small file can declare an absurd size.',
  },
  IMAGE_FOREIGN_SYSTEM: {
    exit: 'image',
    meaning: 'The image holds a system that cannot be rewritten here: it is not a Linux for x86-64.',
    next: 'Take the image of the distribution for x86-64 (amd64).',
  },
  IMAGE_NOT_BOOTABLE: {
    exit: 'image',
    meaning: 'The disk has no partition table, or nothing on it that a firmware could start.',
    next: 'Give a whole-disk cloud image, not a single partition.',
  },

  FIRMWARE_FILE_REFUSED: {
    exit: 'image',
    meaning: 'The file is not a firmware, a variable store or a list of UEFI variables that can be read.',
    next: 'Give an OVMF_VARS file, a firmware in a single file (OVMF.fd), or the JSON form that QEMU takes.',
  },
  VARIABLE_STORE_DAMAGED: {
    exit: 'image',
    meaning:
      'The variable store breaks rules that the firmware checks when it starts: a guest would hang before it shows anything.',
    next: 'See the named places; take the file anew from its package.',
  },
  VARIABLE_STORE_FULL: {
    exit: 'image',
    meaning: 'The variables need more room than the variable store has.',
    next: 'Delete variables, or use the 4 MiB build of OVMF: its store has 256 KiB.',
  },

  PLUGIN_INVALID: {
    exit: 'plugin',
    meaning: 'A plugin directory breaks a rule of the format. All problems are listed.',
    next: 'Mend the named files, or skip the plugin with --skip; docs/plugins.md has the rules.',
  },
  USER_DATA_INVALID: {
    exit: 'plugin',
    meaning: 'A cloud-config or script part cannot be used as it is.',
    next: 'Mend the named line.',
  },
  IMA_POLICY_INVALID: {
    exit: 'plugin',
    meaning: 'The kernel would refuse a line of the IMA policy, and with it the whole policy.',
    next: 'Mend the named line; the grammar is in the kernel documentation, ABI/testing/ima_policy.',
  },
  PAYLOAD_CONFLICT: {
    exit: 'plugin',
    meaning: 'Two plugins ship the same path in ways that cannot both hold, or a shipped path does not fit the guest.',
    next: 'Remove one of the two named paths.',
  },
  USER_DATA_TOO_LARGE: {
    exit: 'plugin',
    meaning: 'All parts together are larger than cloud-init accepts (16 MiB), or there are more than 1000.',
    next: 'Move large content to files/.',
  },

  HOST_SCRIPT_FAILED: {
    exit: 'preStage',
    meaning: "A plugin's host_run.sh failed.",
    next: 'Mend the script, or skip the plugin with --skip.',
  },
  HOST_SCRIPT_BROKE_IMAGE: {
    exit: 'preStage',
    meaning: "After a plugin's host_run.sh the work image is gone or no longer a sound image.",
    next: 'Mend the script: it must leave $GUEST_IMG a complete qcow2 file.',
  },

  GUEST_SCRIPT_FAILED: {
    exit: 'guest',
    meaning: 'A script of a plugin ended with an error in the guest.',
    next: 'Mend the script, or skip the plugin with --skip.',
  },
  GUEST_RUNCMD_FAILED: {
    exit: 'guest',
    meaning: 'A line of a runcmd list failed in the guest. cloud-init itself does not report that.',
    next: 'Mend the line; end it with "|| true" if its failure does not matter.',
  },
  PAYLOAD_TOO_LARGE: {
    exit: 'plugin',
    meaning:
      'The files of all plugins together are more than the seed disk can carry (4 GiB in one archive, holes not counted).',
    next: 'Ship less, or let the guest fetch what is large.',
  },
  PAYLOAD_NOT_UNPACKED: {
    exit: 'guest',
    meaning: 'The guest could not unpack the files of the plugins.',
    next: 'See the words of tar; a conflict with a path of the guest is the usual cause.',
  },
  BOOT_FILES_FAILED: {
    exit: 'guest',
    meaning: 'Rebuilding the initrd or the boot loader configuration failed in the guest.',
    next: 'See the last lines; a plugin changed what these tools read.',
  },
  IMA_FAILED: {
    exit: 'guest',
    meaning:
      'What plugins ask of IMA cannot be had in this guest, or files that the policy would refuse have no label.',
    next: 'See the last lines: label what is named there, narrow the policy, or use appraise: log.',
  },
  ROOTFS_FAILED: {
    exit: 'guest',
    meaning: 'Users, packages, modes or services are not in the guest as plugins ask.',
    next: 'See the last lines: they name what differs, and who asks for it.',
  },
  CLOUD_INIT_FAILED: {
    exit: 'guest',
    meaning: 'cloud-init itself reported an error in one of its stages.',
    next: 'See the named stage and module.',
  },
  CLOUD_INIT_DEGRADED: {
    exit: 'guest',
    meaning: 'cloud-init finished with warnings (a failure only with --strict).',
    next: 'See the warnings, or run without --strict.',
  },
  CLOUD_INIT_NOT_STARTED: {
    exit: 'guest',
    meaning: 'The guest came up, but cloud-init never ran: it is not installed, or disabled.',
    next: 'Install or enable cloud-init in the input image.',
  },
  CLOUD_INIT_OTHER_DATASOURCE: {
    exit: 'guest',
    meaning: "cloud-init ran but took its data from somewhere else than this run's seed.",
    next: 'Allow NoCloud in the datasource_list of the image (/etc/cloud/cloud.cfg.d).',
  },
  GUEST_STOPPED_EARLY: {
    exit: 'guest',
    meaning: 'The guest stopped before it reported that it was done.',
    next: 'See the last console lines.',
  },
  GUEST_PANICKED: { exit: 'guest', meaning: 'The kernel of the guest panicked.', next: 'See the last console lines.' },
  GUEST_EMERGENCY_SHELL: {
    exit: 'guest',
    meaning: 'The guest stopped in an emergency or initramfs shell.',
    next: 'See the last console lines; the root file system is the usual cause.',
  },
  GUEST_BOOT_LOADER_PROMPT: {
    exit: 'guest',
    meaning: 'The boot loader stopped at its prompt.',
    next: 'The image does not find its configuration or kernel.',
  },
  GUEST_DISK_LOCKED: {
    exit: 'guest',
    meaning: 'The guest waits for the passphrase of an encrypted disk, which nobody can type.',
    next: 'Give an image whose root file system is not encrypted; encrypt the finished one.',
  },
  GUEST_NOT_BOOTABLE: {
    exit: 'guest',
    meaning: 'The firmware found nothing to start.',
    next: 'Try the other --firmware (uefi or bios).',
  },
  GUEST_REBOOT_LOOP: { exit: 'guest', meaning: 'The guest keeps restarting.', next: 'See the last console lines.' },
  GUEST_REPORT_FLOODED: {
    exit: 'guest',
    meaning:
      'The guest reported more than a run can have to say; a script that calls cvm-note without end, or a guest that is up to no good.',
    next: 'See report.log in the directory of the failed run.',
  },
  LISTING_UNREADABLE: {
    exit: 'guest',
    meaning: 'The list of what is in the guest, which plugin test compares, did not come or is damaged.',
    next: 'Try once more; with --keep DIR the output and its report stay.',
  },
  EXPECTATION_FAILED: {
    exit: 'guest',
    meaning: 'The guest came up, and something in it is not as --expect says.',
    next: 'Compare what was expected and what was seen.',
  },
  EXPECTATIONS_NOT_SEEN: {
    exit: 'guest',
    meaning: 'The guest came up, but the program that looks for what --expect asks never answered.',
    next: 'See the console: systemd has to start cvm-probe.service, which is put into the throw-away layer only.',
  },
  GUEST_BOOT_REFUSED: {
    exit: 'guest',
    meaning: 'Secure Boot refused something that the guest wanted to start.',
    next: 'See who refused what; sign it with a key that the firmware or shim knows.',
  },
  GUEST_LEFT_EARLY: {
    exit: 'guest',
    meaning: 'The person at the console (--interactive) left before the guest was up, so there is nothing to judge.',
    next: 'Wait for the login prompt, or run without --interactive.',
  },
  GUEST_UNITS_FAILED: {
    exit: 'guest',
    meaning: 'Units of the guest failed to start (a failure only with --strict).',
    next: 'See the named units, or run without --strict.',
  },
  GUEST_CRASHED: {
    exit: 'guest',
    meaning: 'The virtual machine itself ended abnormally (QEMU aborted or was killed).',
    next: 'Run again; with KVM try --accel tcg.',
  },

  CHECK_FAILED: {
    exit: 'check',
    meaning: 'The finished image failed a check and was not published.',
    next: 'See the named check.',
  },
  POST_SCRIPT_FAILED: {
    exit: 'check',
    meaning: 'A host_run.sh of the post-stage failed; the image was not published.',
    next: 'Mend the script, or skip it with --skip.',
  },
  IDENTITY_UNVERIFIED: {
    exit: 'check',
    meaning:
      'An ID block and its authentication do not fit together, or hold what the firmware refuses: SEV-SNP would not start the guest.',
    next: 'Make both anew with: cvm-rewrite identity make',
  },

  OUTPUT_UNWRITABLE: {
    exit: 'io',
    meaning: 'The directory of the output is missing, not writable, or the output is a directory.',
    next: 'Give another path with -o.',
  },
  NO_SPACE: {
    exit: 'io',
    meaning: 'Not enough room on the disk.',
    next: 'Free space there, or use another disk: TMPDIR says where the work is done, the options where results go.',
  },
  GUEST_NO_SPACE: {
    exit: 'io',
    meaning: 'The disk of the guest is too small for what the plugins bring.',
    next: 'Give GUEST_SIZE (for example GUEST_SIZE=10G) to 01-resize-image.',
  },
  IO_ERROR: { exit: 'io', meaning: 'The operating system refused to read or write.', next: 'See the cause.' },

  OUTPUT_LOCKED: {
    exit: 'busy',
    meaning: 'Another run is making the same output.',
    next: 'Wait for it, or give another -o.',
  },
  IMAGE_IN_USE: {
    exit: 'busy',
    meaning: 'A running virtual machine has the input image open for writing.',
    next: 'Shut it down, or copy the image.',
  },

  GUEST_TIMED_OUT: {
    exit: 'timeout',
    meaning: 'The guest was not done within the time of -t.',
    next: 'Give more minutes with -t; without KVM everything takes 10 to 20 times as long.',
  },
  HOST_SCRIPT_TIMED_OUT: {
    exit: 'timeout',
    meaning: "A plugin's host_run.sh did not end in time.",
    next: 'Raise the limit with CVM_SCRIPT_TIMEOUT (seconds).',
  },
  TOOL_TIMED_OUT: {
    exit: 'timeout',
    meaning: 'An external program did not end within its limit.',
    next: 'Look at the load of the machine and run again.',
  },

  TOOL_FAILED: {
    exit: 'host',
    meaning: 'An external program failed in a way that this program has no better word for.',
    next: 'See its last lines.',
  },
} as const satisfies Record<string, { exit: ExitClass; meaning: string; next: string }>

export type ErrorCode = keyof typeof ERRORS
