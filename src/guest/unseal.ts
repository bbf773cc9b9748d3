/**
 * How a sealed image is rewritten once more: a systemd credential, handed over as an SMBIOS OEM string, in which
 * systemd-tmpfiles finds one line that removes the lock of post-stage/10-seal.
 *
 * systemd (252 and later) takes such credentials from the machine it runs on, but not inside a confidential VM (since 254), where the host
 * is not to be trusted: so this opens nothing that runs as one. Source: systemd.system-credentials(7), "tmpfiles.extra";
 * tmpfiles.d(5), type r. Images that nobody sealed do not have the file.
 */
export const UNSEAL_OEM_STRING = `io.systemd.credential.binary:tmpfiles.extra=${Buffer.from('r /etc/cvm-image-rewriter/cloud-init-closed\n').toString('base64')}`
