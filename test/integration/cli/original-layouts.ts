import { readdirSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fingerprint } from './rewrite-bench.js'

/** Small trees as the bash tool laid them out, written for these tests; no file has a run bit. */
export async function plantTree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
    await chmod(join(root, path), 0o644)
  }
}

/** Names of everything in a tree, and the fingerprint of its files: what a run must leave as it was. */
export function stateOf(root: string): { readonly names: readonly string[]; readonly files: string } {
  return { names: readdirSync(root, { recursive: true, encoding: 'utf8' }).sort(), files: fingerprint(root) }
}

const COMMON = `# Sourced, so it has no interpreter line.
trace() { qemu-img info "$GUEST_IMG" >/dev/null && echo "$* $GUEST_IMG" >>"$CVM_TRACE"; }
`

const README = (name: string) => `# ${name}\n\nShows a layout.\n`

const USER_DATA = `#cloud-config
merge_how:
  - name: list
    settings: [append]
  - name: dict
    settings: [no_replace, recurse_list]
power_state:
  mode: poweroff
  delay: now

# After it.
runcmd:
  - echo from the old user-data
`

/** First generation: pre-stage/ and post-stage/, scripts in the plugin's own directory. */
export const FIRST_GENERATION: Readonly<Record<string, string>> = {
  'scripts/common.sh': COMMON,
  'cloud-init/user-data.basic': USER_DATA,
  'cloud-init/meta-data.template': 'instance-id: <name>\nlocal-hostname: old-template\n',
  'pre-stage/README.md': 'About the stage.\n',
  'pre-stage/05-first/README.md': README('05-first'),
  'pre-stage/05-first/host_run.sh': `#!/bin/bash
here=$(dirname "$(readlink -f "$0")")
source "$here/../../scripts/common.sh"
trace pre 05-first
mkdir -p "$here/files/etc" && echo made >"$here/files/etc/made"
`,
  'pre-stage/05-first/guest_run.sh': '#!/bin/sh\necho 05-first in the guest\n',
  'pre-stage/05-first/clean_up.sh': '#!/bin/bash\nrm -rf "$(dirname "$0")/files"\n',
  'pre-stage/20-second/host_run.sh': '#!/bin/sh\n. ../../scripts/common.sh\ntrace pre 20-second\n',
  'pre-stage/20-second/files/.hidden': 'a dot file\n',
  'pre-stage/30-left-out/NOT_RUN': '',
  'pre-stage/30-left-out/host_run.sh': '#!/bin/sh\n. ../../scripts/common.sh\ntrace pre 30-left-out\n',
  'post-stage/99-byebye/host_run.sh': '#!/bin/sh\n. ../../scripts/common.sh\ntrace post 99-byebye\n',
}

/** Final generation: plugins/, each with folders for the stages, and scripts/ beside it. */
export const FINAL_GENERATION: Readonly<Record<string, string>> = {
  'scripts/common.sh': COMMON,
  'plugins/05-first/README.md': README('05-first'),
  'plugins/05-first/pre-stage/host_run.sh': `#!/bin/bash
here=$(dirname "$(readlink -f "$0")")
SCRIPTS_DIR="$here/../../../scripts"
source "\${SCRIPTS_DIR}/common.sh"
trace pre 05-first
mkdir -p "$here/../files/etc" "$here/../cloud-init/x-shellscript"
echo made >"$here/../files/etc/made"
printf '#!/bin/sh\\ntrue\\n' >"$here/../cloud-init/x-shellscript/05-made.sh"
`,
  'plugins/05-first/pre-stage/guest_run.sh': '#!/bin/sh\necho 05-first in the guest\n',
  'plugins/20-second/pre-stage/host_run.sh': '#!/bin/sh\n. ../../../scripts/common.sh\ntrace pre 20-second\n',
  'plugins/20-second/pre-stage/guest_run.sh': '#!/bin/sh\necho 20-second in the guest\n',
  'plugins/20-second/post-stage/host_run.sh': '#!/bin/sh\n. ../../../scripts/common.sh\ntrace post 20-second\n',
  'plugins/20-second/post-stage/guest_run.sh': '#!/bin/sh\necho 20-second at the end\n',
  'plugins/20-second/post-stage/clean_up.sh': '#!/bin/bash\nrm -rf "$(dirname "$0")/../files"\n',
  'plugins/20-second/files/.hidden': 'a dot file\n',
  'plugins/30-left-out/NOT_RUN': '',
  'plugins/30-left-out/pre-stage/host_run.sh': '#!/bin/sh\n. ../../../scripts/common.sh\ntrace pre 30-left-out\n',
  'plugins/99-byebye/post-stage/host_run.sh': '#!/bin/sh\n. ../../../scripts/common.sh\ntrace post 99-byebye\n',
}
