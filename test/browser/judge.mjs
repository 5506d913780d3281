/**
 * The built core as a web page uses it: by URL, with `fetch`, nothing bundled. Node runs this same file, so that a verdict that
 * differs can only come from the engine. Every function takes and gives JSON.
 */

const bytesAt = async (url) => {
  const answer = await fetch(url);
  return answer.status === 404 ? undefined : new Uint8Array(await answer.arrayBuffer());
};
const text = (bytes) => new TextDecoder().decode(bytes);

async function codeOf(work) {
  try {
    return { code: "success", ...(await work()) };
  } catch (cause) {
    // What is no refusal is a fault, and told as one.
    return { code: cause.code ?? `${cause.name}: ${cause.message}` };
  }
}

/** The code of every signature vector by its name. */
export async function judgeSignatures({ core, base, now }, names) {
  const { verifySignature } = await import(`${core}/pki/verify-signature.js`);
  const { sha256 } = await import(`${core}/encoding/sha256.js`);
  const contentSha256 = await sha256(await bytesAt(`${base}/content`));
  const common = JSON.parse(text(await bytesAt(`${base}/policy.json`)));
  const codes = {};
  for (const name of names) {
    const own = await bytesAt(`${base}/${name}/policy.json`);
    const policy = own === undefined ? common : JSON.parse(text(own));
    const cms = await bytesAt(`${base}/${name}/signature.p7s`);
    const verdict = await codeOf(async () => {
      await verifySignature({ contentSha256, cms, policy, now: new Date(now) });
      return {};
    });
    codes[name] = verdict.code;
  }
  return codes;
}

/**
 * TUF 1.0.34 §5 in the order of an endpoint. `read(role, version)` gives what is offered, `seen(role)` what was trusted before; undefined
 * where there is nothing.
 */
export async function followMetadata(TrustedMetadata, { root, feed, at, read, seen }) {
  const trusted = await TrustedMetadata.start(root, at);
  const [timestamp, snapshot] = [await seen("timestamp"), await seen("snapshot")];
  if (timestamp !== undefined) await trusted.restoreTimestamp(timestamp);
  if (snapshot !== undefined) await trusted.restoreSnapshot(snapshot);
  for (;;) {
    const next = await read("root", trusted.root.version + 1);
    if (next === undefined) break;
    await trusted.updateRoot(next);
  }
  trusted.finishRoot();
  await trusted.updateTimestamp(await read("timestamp"));
  await trusted.updateSnapshot(await read("snapshot", trusted.timestamp.snapshot.version));
  await trusted.updateTargets(await read("targets", trusted.expected("targets").version));
  const proven = await trusted.updateFeed(await read(feed, trusted.expected(feed).version), feed);
  return { trusted, proven };
}

/** The code of every metadata vector by its name; what a vector does not have is as in the good one. */
export async function judgeMetadata({ core, base, now }, names) {
  const { TrustedMetadata } = await import(`${core}/trust/trusted-metadata.js`);
  const codes = {};
  for (const name of names) {
    const file = async (path) =>
      (await bytesAt(`${base}/${name}/${path}`)) ?? bytesAt(`${base}/good/${path}`);
    const verdict = await codeOf(async () => {
      await followMetadata(TrustedMetadata, {
        ...{ root: await file("1.root.json"), feed: "endpoint", at: new Date(now) },
        read: (role, version) => file(`${role === "root" ? `${version}.` : ""}${role}.json`),
        seen: (role) => file(`seen/${role}.json`),
      });
      return {};
    });
    codes[name] = verdict.code;
  }
  return codes;
}

/**
 * A release as the tree has it: metadata from the pinned root on, evidence, revocation, and the database in the full pack.
 * `seen` is where the timestamp and the snapshot are that were trusted before: nothing must come back older.
 */
export async function judgeRelease({ core, base, now }, { root, feed, seen, unpacks }) {
  const { TrustedMetadata } = await import(`${core}/trust/trusted-metadata.js`);
  const { verifyRelease } = await import(`${core}/trust/verify-release.js`);
  const { policyOfRoot } = await import(`${core}/trust/policy.js`);
  const { mirroredItems } = await import(`${core}/release/mirrored-revocation.js`);
  const { manifestSignaturePath } = await import(`${core}/release/tree-paths.js`);
  const { version } = await import(`${core}/version.js`);
  const read = (path) => bytesAt(`${base}/${path}`);
  return codeOf(async () => {
    const at = new Date(now);
    const { trusted, proven } = await followMetadata(TrustedMetadata, {
      ...{ root: Uint8Array.from(root), feed, at },
      read: (role, number) => read(`metadata/${number === undefined ? "" : `${number}.`}${role}.json`),
      seen: async (role) => seen && bytesAt(`${seen}/${role}.json`),
    });
    const cms = await read(manifestSignaturePath(feed, proven.metadata.version));
    const claim = { proven, cms, policy: policyOfRoot(trusted.root), now: at, client: version };
    const first = await verifyRelease(claim);
    const revocationItems = await mirroredItems(first.signature.paths, read);
    const release = await verifyRelease({ ...claim, revocationItems });
    return {
      release: release.manifest.version,
      signedBy: release.signedBy,
      checks: release.checks,
      database: unpacks && (await unpack({ core, read }, release.manifest, unpacks)),
    };
  });
}

/** What the full pack holds, decoded here and compared with the manifest: streams of xz by core alone, frames by zstd-codec at `zstd`. */
async function unpack({ core, read }, { packs, version, block }, { zstd }) {
  const { readStream } = await import(`${core}/format/xz-stream.js`);
  const { decodeFullPack } = await import(`${core}/format/full-pack.js`);
  const { memorySource, memorySink } = await import(`${core}/encoding/stream.js`);
  const { sha256Digest } = await import(`${core}/encoding/sha256.js`);
  const { packPath } = await import(`${core}/release/tree-paths.js`);
  const full = packs.find(({ kind, to }) => kind === "full" && to === version);
  const sink = memorySink();
  const source = memorySource(await read(packPath(full)));
  const frames = zstd && new (await import(zstd)).ZstdInstance();
  const complain = (message) => new Error(message);
  const decompress = async (method, piece, bytes) =>
    method === "xz" ? readStream(piece, complain) : frames.decompress(piece, bytes);
  const { sha256 } = await decodeFullPack(source, sink, { decompress }, sha256Digest);
  return {
    sha256,
    codec: full.codec,
    bytes: sink.bytes().length,
    asSigned: sha256 === block.database.sha256,
  };
}
