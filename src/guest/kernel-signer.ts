/** What lets a guest sign the kernels that it installs later. cloud-init/guest/sign-kernel.sh names the same places. */

/** Root only, and so is what is in it. */
export const KERNEL_SIGNER_DIR = '/etc/cvm-image-rewriter/secure-boot'
export const KERNEL_SIGNER_KEY = `${KERNEL_SIGNER_DIR}/kernel.key`
export const KERNEL_SIGNER_CERTIFICATE = `${KERNEL_SIGNER_DIR}/kernel.pem`

/** Before all others: they make an initrd and a boot entry for a kernel only when it can start, and copy it signed. */
export const KERNEL_HOOKS = {
  /** Run by Debian's and Ubuntu's kernel packages. Source: Debian Kernel Handbook, 8.1. */
  postinst: '/etc/kernel/postinst.d/00-cvm-sign-kernel',
  /** Run by kernel-install(8), where that is in the guest. */
  install: '/etc/kernel/install.d/05-cvm-sign-kernel.install',
} as const
