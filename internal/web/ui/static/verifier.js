// Checks the proof log in the reader's own browser, with WebCrypto and nothing else. Every function throws an Error that says what does not hold; what it
// returns was checked. The JSON that they take is what the network serves:
//
//   checkpoint  text of /log/checkpoint: origin, size, root in base64, an empty line, signature lines (C2SP tlog-checkpoint and signed-note)
//   vkey        text of /log/key: name+hash+key
//   inclusion   {position, kind, commitment, path: [hex], checkpoint}, "proof" of /log/preuve/{leaf} and of /log/ancre/{leaf}
//   consistency {checkpoint, consistency: [hex]}, of /log/consistency?from=&to=
//   opening     {salt, parts: [{salt, content} | {commitment}]}, hexadecimal but for content: what a leaf commits to, opened in part or whole
//   chain       {lines: [{text, proof: inclusion}]}: every line about a member, from the first on, each with its leaf's inclusion
//
//   openCheckpoint(text, vkey)                    → {origin, size, root}
//   verifyInclusion(inclusion, vkey)              → {origin, size, root}, of the tree that holds the leaf
//   verifyConsistency(older, newer, path)         both as openCheckpoint gives them: the newer tree holds the older one unchanged
//   verifyGrowth(keptText, consistency, vkey)     → {older, newer}, the same from texts
//   verifyOpening(opening, inclusion)             → {name: value} of the contents that are shown and read name=value
//   verifyMember(chain, vkey)                     → {member, lines, invited, deposited, waiting, published, refused, removed, shown: [numbers of published reviews]}
//   commitment(kind, saltHex, content)            → hex
const encoder = new TextEncoder();
const fail = (why) => {
  throw new Error(why);
};

export const toHex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export function fromHex(text, length = 32) {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text) || text.length !== 2 * length) fail("not a hash");
  return Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
}

function fromBase64(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) fail("not base64");
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
};

const equal = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const node = (left, right) => sha256([1], left, right);

async function readKey(vkey) {
  const m = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(String(vkey).trim()) || fail("the key is malformed");
  const key = fromBase64(m[3]);
  if (key.length !== 33 || key[0] !== 1) fail("the key is not of a kind that is known here");
  const id = (await sha256(encoder.encode(m[1] + "\n"), key)).slice(0, 4);
  if (toHex(id) !== m[2]) fail("the key does not fit its own fingerprint");
  return { name: m[1], id, key: await crypto.subtle.importKey("raw", key.slice(1), "Ed25519", false, ["verify"]) };
}

export async function openCheckpoint(text, vkey) {
  const key = await readKey(vkey);
  const cut = typeof text === "string" ? text.indexOf("\n\n") : -1;
  if (cut < 0 || text.length > 100000) fail("the checkpoint is malformed");
  const body = text.slice(0, cut + 1);
  let good = false;
  for (const line of text.slice(cut + 2).split("\n")) {
    const m = /^— (\S+) (\S+)$/.exec(line);
    if (!m || m[1] !== key.name) continue;
    const signature = fromBase64(m[2]);
    if (signature.length !== 68 || !equal(signature.slice(0, 4), key.id)) continue;
    if (!(await crypto.subtle.verify("Ed25519", key.key, signature.slice(4), encoder.encode(body)))) fail("the signature does not hold");
    good = true;
  }
  if (!good) fail("the checkpoint is not signed by this log");
  const lines = body.split("\n");
  if (lines.length !== 4 || lines[0] !== key.name || !/^[1-9][0-9]{0,15}$/.test(lines[1]) || !Number.isSafeInteger(Number(lines[1]))) fail("the checkpoint is malformed");
  const root = fromBase64(lines[2]);
  if (root.length !== 32) fail("the checkpoint is malformed");
  return { origin: lines[0], size: Number(lines[1]), root };
}

// The walk of RFC 9162 § 2.1.3.2.
export async function verifyInclusion(inclusion, vkey) {
  const tree = await openCheckpoint(inclusion.checkpoint, vkey);
  const { position, kind, path } = inclusion;
  if (!Number.isSafeInteger(position) || position < 0 || position >= tree.size) fail("the position is outside the tree");
  if (typeof kind !== "string" || !/^[^ \n]+$/.test(kind)) fail("the kind is no word");
  if (!Array.isArray(path)) fail("there is no path");
  fromHex(inclusion.commitment);
  let fn = BigInt(position);
  let sn = BigInt(tree.size) - 1n;
  let hash = await sha256([0], encoder.encode(`entremise.1 ${kind} ${inclusion.commitment}\n`));
  for (const step of path) {
    const p = fromHex(step);
    if (sn === 0n) fail("the path is too long");
    if (fn & 1n || fn === sn) {
      hash = await node(p, hash);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      hash = await node(hash, p);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n || !equal(hash, tree.root)) fail("the fingerprint is not in the log");
  return tree;
}

// The walk of RFC 9162 § 2.1.4.2.
export async function verifyConsistency(older, newer, path) {
  if (older.origin !== newer.origin) fail("these are two different logs");
  if (!Array.isArray(path)) fail("there is no path");
  if (older.size > newer.size) fail("the log has become shorter");
  if (older.size === newer.size) {
    if (path.length || !equal(older.root, newer.root)) fail("the log was rewritten");
    return;
  }
  let hashes = path.map((h) => fromHex(h));
  let fn = BigInt(older.size);
  if ((fn & (fn - 1n)) === 0n) hashes = [older.root, ...hashes];
  if (!hashes.length) fail("the path is too short");
  fn -= 1n;
  let sn = BigInt(newer.size) - 1n;
  while (fn & 1n) {
    fn >>= 1n;
    sn >>= 1n;
  }
  let [fr] = hashes;
  let sr = fr;
  for (const c of hashes.slice(1)) {
    if (sn === 0n) fail("the path is too long");
    if (fn & 1n || fn === sn) {
      fr = await node(c, fr);
      sr = await node(c, sr);
      while (!(fn & 1n) && fn !== 0n) {
        fn >>= 1n;
        sn >>= 1n;
      }
    } else {
      sr = await node(sr, c);
    }
    fn >>= 1n;
    sn >>= 1n;
  }
  if (sn !== 0n || !equal(fr, older.root) || !equal(sr, newer.root)) fail("the log was rewritten");
}

export async function verifyGrowth(keptText, consistency, vkey) {
  const older = await openCheckpoint(keptText, vkey);
  const newer = await openCheckpoint(consistency.checkpoint, vkey);
  await verifyConsistency(older, newer, consistency.consistency || []);
  return { older, newer };
}

export async function commitment(kind, saltHex, content) {
  const parts = [saltHex ? fromHex(saltHex) : new Uint8Array(), encoder.encode(kind), typeof content === "string" ? encoder.encode(content) : content];
  const framed = parts.flatMap((p) => {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(p.length));
    return [length, p];
  });
  return toHex(await sha256(encoder.encode("entremise commitment 1\0"), ...framed));
}

export async function verifyOpening(opening, inclusion) {
  const parts = opening.parts;
  if (!Array.isArray(parts) || !parts.length || parts.length > 256) fail("nothing is opened");
  const list = [];
  const shown = Object.create(null);
  for (const part of parts) {
    if (part.commitment) {
      if (part.salt || part.content) fail("a part is both open and closed");
      list.push(fromHex(part.commitment));
      continue;
    }
    const content = part.content ?? "";
    if (typeof content !== "string") fail("a part is no text");
    fromHex(part.salt);
    list.push(fromHex(await commitment(inclusion.kind, part.salt, content)));
    const at = content.indexOf("=");
    if (at > 0) {
      const name = content.slice(0, at);
      if (name in shown) fail("a part is there twice");
      shown[name] = content.slice(at + 1);
    }
  }
  fromHex(opening.salt);
  if ((await commitment(inclusion.kind, opening.salt, join(...list))) !== inclusion.commitment) fail("the content is not what was deposited");
  return shown;
}

const counted = ["invited", "deposited", "waiting", "published", "refused", "removed"];
const fields = ["member", "line", "before", "at", "act", "review", "reason", ...counted];

function readLine(text) {
  const rows = String(text).split("\n");
  if (rows.shift() !== "entremise member 1" || rows.pop() !== "" || rows.length !== fields.length) fail("a line is malformed");
  const line = {};
  rows.forEach((row, i) => {
    if (!row.startsWith(fields[i] + "=")) fail("a line is malformed");
    line[fields[i]] = row.slice(fields[i].length + 1);
  });
  for (const name of ["line", "review", ...counted]) {
    if (!/^(0|[1-9][0-9]{0,14})$/.test(line[name])) fail("a count is no number");
    line[name] = Number(line[name]);
  }
  return line;
}

// Every line is replayed: what becomes of each review gives the counts, and they must be those that the line says.
function replay(line, states, invited) {
  const known = states.get(line.review);
  switch (line.act) {
    case "invited":
      return invited + line.review;
    case "deposited":
      if (known) fail("a review is deposited twice");
      states.set(line.review, "waiting");
      return invited;
    case "published":
    case "removed":
      states.set(line.review, known ? line.act : fail("a review was never deposited"));
      return invited;
    case "refused":
      if (!known) fail("a review was never deposited");
      if (known === "waiting") states.set(line.review, "refused");
      return invited;
    case "revised":
    case "replied":
    case "reported":
    case "upheld":
      if (!known) fail("a review was never deposited");
      return invited;
  }
  return fail("an act is not known here");
}

export async function verifyMember(chain, vkey) {
  if (!Array.isArray(chain.lines) || !chain.lines.length) fail("there is no line");
  const states = new Map();
  let before = "";
  let invited = 0;
  let last;
  for (const [i, { text, proof }] of chain.lines.entries()) {
    const line = readLine(text);
    if (line.line !== i + 1) fail("a line is missing");
    if (line.before !== before) fail("a line was changed");
    if (last && (line.member !== last.member || line.at < last.at)) fail("the lines are not of one member, in order");
    if (proof.kind !== "member" || proof.commitment !== (await commitment("member", "", text))) fail("a line is not what was put into the log");
    await verifyInclusion(proof, vkey);
    invited = replay(line, states, invited);
    const counts = { invited, deposited: states.size, waiting: 0, published: 0, refused: 0, removed: 0 };
    for (const state of states.values()) counts[state]++;
    if (counted.some((name) => counts[name] !== line[name])) fail("the counts do not follow from the lines");
    before = toHex(await sha256(encoder.encode(text)));
    last = line;
  }
  const shown = [...states].filter(([, state]) => state === "published").map(([number]) => number);
  return { member: last.member, lines: last.line, ...Object.fromEntries(counted.map((name) => [name, last[name]])), shown };
}
