import type { XmlElement } from './xml-text.js'

/** A part of a domain, and what a person must know about it: what libvirt cannot express, and what it needs for the rest. */
export interface LibvirtPart {
  readonly elements: readonly XmlElement[]
  readonly notes: readonly string[]
}
