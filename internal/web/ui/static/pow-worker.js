// Finds the least nonce such that SHA-256(challenge + ":" + nonce) starts with `bits` zero bits. SHA-256 is written out (FIPS 180-4)
// because crypto.subtle answers one call at a time, some thirty times slower. The challenge is hashed once for each whole block; what
// changes is short, so a try costs one or two blocks.
const K = new Uint32Array(64);
const H0 = new Uint32Array(8);
for (let n = 2, i = 0; i < 64; n++) {
  let prime = true;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
  if (!prime) continue;
  const root = (p) => (n ** p - Math.floor(n ** p)) * 2 ** 32;
  K[i] = root(1 / 3);
  if (i < 8) H0[i] = root(1 / 2);
  i++;
}

const W = new Uint32Array(64);
const rot = (x, n) => (x >>> n) | (x << (32 - n));

function block(h, bytes, at) {
  for (let i = 0; i < 16; i++, at += 4) W[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15], y = W[i - 2];
    W[i] = W[i - 16] + W[i - 7] + (rot(x, 7) ^ rot(x, 18) ^ (x >>> 3)) + (rot(y, 17) ^ rot(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d, e, f, g, k] = h;
  for (let i = 0; i < 64; i++) {
    const t = (k + (rot(e, 6) ^ rot(e, 11) ^ rot(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
    const u = ((rot(a, 2) ^ rot(a, 13) ^ rot(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    k = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + u) | 0;
  }
  h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
}

export function solve(challenge, bits) {
  const prefix = new TextEncoder().encode(challenge + ":");
  const whole = prefix.length - (prefix.length % 64);
  const start = H0.slice();
  for (let at = 0; at < whole; at += 64) block(start, prefix, at);
  const rest = prefix.length - whole;
  const tail = new Uint8Array(128);
  const h = new Uint32Array(8);
  for (let nonce = 0; ; nonce++) {
    const digits = String(nonce);
    tail.fill(0);
    tail.set(prefix.subarray(whole));
    for (let i = 0; i < digits.length; i++) tail[rest + i] = digits.charCodeAt(i);
    const end = rest + digits.length;
    tail[end] = 0x80;
    const size = end + 9 > 64 ? 128 : 64;
    const length = (whole + end) * 8;
    tail[size - 4] = length >>> 24; tail[size - 3] = length >>> 16; tail[size - 2] = length >>> 8; tail[size - 1] = length;
    h.set(start);
    block(h, tail, 0);
    if (size === 128) block(h, tail, 64);
    const full = bits >>> 5, part = bits & 31;
    let good = part === 0 || h[full] >>> (32 - part) === 0;
    for (let i = 0; i < full; i++) good = good && h[i] === 0;
    if (good) return digits;
  }
}

if (typeof WorkerGlobalScope !== "undefined") onmessage = (e) => postMessage(solve(e.data.challenge, e.data.bits));
