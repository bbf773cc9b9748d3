import type { LaunchTee, SnpLaunch, TdxLaunch } from '../model/launch.js'
import { base64OfHex } from './hex-base64.js'
import type { LibvirtPart } from './libvirt-part.js'
import { tdAttributes } from './qemu-tdx.js'
import { element, type XmlElement } from './xml-text.js'

/** `<launchSecurity>`. Source: libvirt, docs/formatdomain.rst, "Launch Security". */
export function launchSecurity(tee: LaunchTee): LibvirtPart {
  if (tee.kind === 'none') return { elements: [], notes: [] }
  return tee.kind === 'tdx' ? tdxSecurity(tee) : snpSecurity(tee)
}

function tdxSecurity({ mrconfigid, mrowner, mrownerconfig, quoteService, debug }: TdxLaunch): LibvirtPart {
  const quotes = quoteService?.kind === 'unix' ? [element('quoteGenerationService', { path: quoteService.path })] : []
  return {
    elements: [
      element('launchSecurity', { type: 'tdx' }, [
        element('policy', {}, `0x${tdAttributes(debug).toString(16)}`),
        ...base64Element('mrConfigId', mrconfigid),
        ...base64Element('mrOwner', mrowner),
        ...base64Element('mrOwnerConfig', mrownerconfig),
        ...quotes,
      ]),
    ],
    notes: [
      'TDX needs libvirt 11.6 or later',
      ...(quoteService?.kind === 'vsock'
        ? [
            `libvirt reaches the quote service through a UNIX socket only: vsock ${quoteService.cid}:${quoteService.port} is left out, so the guest gets no quotes from its host`,
          ]
        : []),
    ],
  }
}

function snpSecurity(snp: SnpLaunch): LibvirtPart {
  const attributes = {
    type: 'sev-snp',
    kernelHashes: snp.kernelHashes ? 'yes' : 'no',
    authorKey: snp.authorKey ? 'yes' : undefined,
  }
  return {
    elements: [
      element('launchSecurity', attributes, [
        element('cbitpos', {}, String(snp.cbitpos)),
        element('reducedPhysBits', {}, String(snp.reducedPhysBits)),
        element('policy', {}, snp.policy),
        ...base64Element('idBlock', snp.idBlock),
        ...base64Element('idAuth', snp.idAuth),
        ...base64Element('hostData', snp.hostData),
      ]),
    ],
    notes: ['SEV-SNP needs libvirt 10.5 or later'],
  }
}

function base64Element(name: string, hex: string | undefined): readonly XmlElement[] {
  return hex === undefined ? [] : [element(name, {}, base64OfHex(hex))]
}
