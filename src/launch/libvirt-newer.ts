/** Something of our XML that a schema may be too old for. */
export interface NewerElement {
  readonly what: string
  /** Where it stands in our XML; without what this matches the rest says the same as before. */
  readonly sign: RegExp
  /** The smallest domain with it: valid where the schema knows it. */
  readonly smallest: string
}

/** What we print and libvirt 9.0 (Debian 12) does not know. Source: libvirt's NEWS of the versions named. */
export const NEWER_THAN_SOME: readonly NewerElement[] = [
  {
    what: "<launchSecurity type='tdx'>, which libvirt knows since 11.6",
    sign: securitySign('tdx'),
    smallest: domain("<launchSecurity type='tdx'><policy>0x10000000</policy></launchSecurity>"),
  },
  {
    what: "<launchSecurity type='sev-snp'>, which libvirt knows since 10.5",
    sign: securitySign('sev-snp'),
    smallest: domain("<launchSecurity type='sev-snp'><policy>0x30000</policy></launchSecurity>"),
  },
  {
    what: "firmware with format='qcow2', which libvirt knows since 9.2",
    sign: /(?<=<(?:loader|nvram)[^>]*) format='qcow2'/g,
    smallest: domain('', "<loader readonly='yes' type='pflash' format='qcow2'>/code</loader>"),
  },
]

function securitySign(type: string): RegExp {
  return new RegExp(`[ ]*<launchSecurity type='${type}'[\\s\\S]*?</launchSecurity>\\n`, 'g')
}

function domain(more: string, firmware = ''): string {
  const os = `<os><type arch='x86_64' machine='q35'>hvm</type>${firmware}</os>`
  return `<domain type='kvm'><name>x</name><memory>1024</memory>${os}${more}</domain>\n`
}
