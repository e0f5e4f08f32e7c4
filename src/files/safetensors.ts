/**
 * Reading and writing the safetensors container (https://github.com/huggingface/safetensors#format): eight bytes of
 * header length (little-endian), a JSON header, then the tensors' bytes end to end. Float32 is all we need.
 */
import { createHash } from 'node:crypto';

/** Named float32 tensors, and free text about them. */
export interface Container {
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Longer headers are refused before they are parsed. */
const maxHeader = 100 * 1024 * 1024;
/** Metadata entry with the sha256 of the tensors' bytes; ours, ignored by other readers. */
const checksumKey = 'sha256';

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** The container's bytes. A checksum of the data goes into the metadata. */
export function encodeSafetensors({ tensors, metadata }: Container): Uint8Array {
  let at = 0;
  const entries = Object.entries(tensors);
  const layout = entries.map(([name, { shape, data }]) => {
    if (sizeOf(shape) !== data.length) {
      throw new Error(`Tensor ${name} of shape [${shape.join(', ')}] cannot hold ${data.length} values.`);
    }
    const offsets = [at, (at += data.byteLength)];
    return [name, { dtype: 'F32', shape, data_offsets: offsets }];
  });
  const body = Buffer.concat(
    entries.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  );
  const sha256 = createHash('sha256').update(body).digest('hex');
  const json = JSON.stringify({
    __metadata__: { ...metadata, [checksumKey]: sha256 },
    ...Object.fromEntries(layout as [string, unknown][]),
  });
  // Padded with spaces so that the data are aligned, as the format's own writer does.
  const header = Buffer.from(json + ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, body]);
}

/**
 * Parses and verifies a container.
 * @throws Error naming what is wrong: truncation, a header that is not JSON, tensors that overlap, leave gaps or
 * reach beyond the end, types other than F32, a checksum that does not match
 */
export function decodeSafetensors(bytes: Uint8Array): Container {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 8) throw new Error('it is too short to be a safetensors file');
  const length = Number(buffer.readBigUInt64LE(0));
  if (length > maxHeader || 8 + length > buffer.length) throw new Error('its header is cut off');
  const header = parseHeader(buffer.toString('utf8', 8, 8 + length));
  const body = buffer.subarray(8 + length);
  const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
  let expected = 0;
  for (const [name, entry] of Object.entries(header.tensors)) {
    const { dtype, shape, data_offsets: offsets } = entry;
    if (dtype !== 'F32') throw new Error(`its tensor ${name} is ${String(dtype)}, not F32`);
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw new Error(`its entry ${name} is malformed`);
    const [from, to] = offsets as [number, number];
    if (from !== expected || to - from !== sizeOf(shape) * 4 || to > body.length) {
      throw new Error(`its tensor ${name} does not lie where the header says`);
    }
    expected = to;
    const data = new Float32Array(sizeOf(shape));
    Buffer.from(data.buffer).set(body.subarray(from, to));
    tensors[name] = { shape, data };
  }
  if (expected !== body.length) throw new Error('its length does not match its header');
  const { [checksumKey]: sha256, ...metadata } = header.metadata;
  if (sha256 !== undefined && sha256 !== createHash('sha256').update(body).digest('hex')) {
    throw new Error('its checksum does not match its content');
  }
  return { tensors, metadata };
}

interface Entry {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: unknown;
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

function parseHeader(text: string): { metadata: Record<string, string>; tensors: Record<string, Entry> } {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new Error('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new Error('its header is not an object');
  }
  const { __metadata__: metadata = {}, ...tensors } = header as Record<string, unknown>;
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  if (!isObject(metadata) || Object.values(metadata as object).some((value) => typeof value !== 'string')) {
    throw new Error('its metadata are not text');
  }
  if (!Object.values(tensors).every(isObject)) throw new Error('its header has an entry that is no tensor');
  return { metadata: metadata as Record<string, string>, tensors: tensors as Record<string, Entry> };
}
