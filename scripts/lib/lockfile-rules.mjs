/**
 * @typedef {object} Dependencies
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 * @typedef {Dependencies & { version?: string, integrity?: string, link?: boolean, resolved?: string }} LockedPackage
 */

/**
 * What is wrong with a lock file: an address to download from, a package without a hash, other dependencies than
 * package.json states, or one there that is not pinned to a version.
 *
 * @param {{ packages: Record<string, LockedPackage> }} lock
 * @param {Dependencies} manifest
 * @returns {string[]}
 */
export function lockfileComplaints(lock, manifest) {
  const complaints = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') {
      continue;
    }
    if (entry.resolved !== undefined) {
      complaints.push(`${path} has an address ("resolved"): run npm install with the repository's .npmrc`);
    }
    if (entry.integrity === undefined) {
      complaints.push(`${path} has no hash ("integrity")`);
    }
  }
  for (const kind of /** @type {const} */ (['dependencies', 'devDependencies'])) {
    const stated = manifest[kind] ?? {};
    const locked = lock.packages['']?.[kind] ?? {};
    for (const name of new Set([...Object.keys(stated), ...Object.keys(locked)])) {
      if (stated[name] !== locked[name]) {
        complaints.push(
          `${kind}: ${name} is ${locked[name]} here and ${stated[name]} in package.json: run npm install`,
        );
      } else if (!/^\d+\.\d+\.\d+$/.test(stated[name])) {
        complaints.push(`${kind}: ${name} is "${stated[name]}" in package.json, not one exact version`);
      }
    }
  }
  return complaints;
}
