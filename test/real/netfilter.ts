/**
 * iptables and ipset, which kube-proxy and Chaos Mesh run. They are C and no Go modules: Debian's packages, whether or not the machine has them installed,
 * so that every machine runs the same.
 */
import { globSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { unpackPackages } from './debian-packages.ts'

/** With the libraries that a small machine lacks. The others come with iproute2. */
const PACKAGES = [
  'iptables',
  'ipset',
  'libip4tc2',
  'libip6tc2',
  'libipset13',
  'libmnl0',
  'libnetfilter-conntrack3',
  'libnfnetlink0',
  'libnftnl11',
  'libxtables12',
]

/** One program does all of these, by the name that it is called by. */
const IPTABLES = ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`])

/** The folder with `bin` and `lib`; undefined where it could not be fetched below `cache`. */
export function netfilter(cache: string): string | undefined {
  const folder = join(cache, 'netfilter')
  return unpackPackages(folder, PACKAGES, linkPrograms) ? folder : undefined
}

function linkPrograms(aside: string): boolean {
  const [extensions] = globSync('usr/lib/*/xtables', { cwd: aside })
  const programs = globSync('{usr/,}sbin/{xtables-nft-multi,ipset}', { cwd: aside })
  if (extensions === undefined || programs.length < 2) return false
  symlinkSync(join(extensions, '..'), join(aside, 'lib'))
  mkdirSync(join(aside, 'bin'))
  for (const path of programs)
    for (const name of path.endsWith('ipset') ? ['ipset'] : IPTABLES)
      symlinkSync(join('..', path), join(aside, 'bin', name))
  return true
}
