import type { Plugin, Problem } from '../../model/plugin.js'
import type { Wishes } from '../../model/wishes.js'
import { policyShippers } from '../ima-policy-files.js'
import { planFirmwareVariables } from './firmware-variables-plan.js'
import { planGrub } from './grub-plan.js'
import { planIma } from './ima-plan.js'
import { planInitrd } from './initrd-plan.js'
import { planLaunch } from './launch-plan.js'
import { planRootfs } from './rootfs-plan.js'
import { planSecureBoot } from './secure-boot-plan.js'

/** What the planning of one kind gives. */
export interface Planning<Plan> {
  /** Absent when nobody wants anything of this kind. */
  readonly plan?: Plan
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
  /** Of interest to who runs it, and nothing to mend: what is not done because an option has no value, what a result is worth. */
  readonly runNotes?: readonly string[]
}

/** A plugin that takes part and has a plugin.yaml. */
export type Wisher = Plugin & { readonly manifest: NonNullable<Plugin['manifest']> }

/** Merges what all plugins that take part want of the guest and its launch, in their order; `values` are those of their options. Only reads. */
export async function planWishes(
  plugins: readonly Plugin[],
  values: Readonly<Record<string, string>>,
  hostScriptsRan = false,
): Promise<{
  readonly wishes: Wishes
  readonly problems: readonly Problem[]
  readonly notes: readonly string[]
  readonly runNotes: readonly string[]
}> {
  const wishers = plugins.filter(takesPart)
  const ima = planIma(wishers, values, await policyShippers(plugins))
  const grub = planGrub(wishers, values, ima.grub)
  const [initrd, rootfs] = await Promise.all([planInitrd(wishers, values, hostScriptsRan), planRootfs(wishers, values)])
  const launch = planLaunch(wishers, values)
  const secureBoot = planSecureBoot(wishers, values)
  const firmwareVariables = await planFirmwareVariables(wishers, values)
  const all: readonly Planning<unknown>[] = [grub, initrd, ima, rootfs, launch, secureBoot, firmwareVariables]
  return {
    wishes: {
      ...(grub.plan === undefined ? {} : { grub: grub.plan }),
      ...(initrd.plan === undefined ? {} : { initrd: initrd.plan }),
      ...(ima.plan === undefined ? {} : { ima: ima.plan }),
      ...(rootfs.plan === undefined ? {} : { rootfs: rootfs.plan }),
      ...(launch.plan === undefined ? {} : { launch: launch.plan }),
      ...(secureBoot.plan === undefined ? {} : { secureBoot: secureBoot.plan }),
      ...(firmwareVariables.plan === undefined ? {} : { firmwareVariables: firmwareVariables.plan }),
    },
    problems: all.flatMap(({ problems }) => problems),
    notes: all.flatMap(({ notes }) => notes),
    runNotes: all.flatMap(({ runNotes = [] }) => runNotes),
  }
}

function takesPart(plugin: Plugin): plugin is Wisher {
  return plugin.skipped === undefined && plugin.manifest !== undefined
}
