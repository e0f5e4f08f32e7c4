/** Random access to a file, in the form that zip.js asks for. */
import type { FileHandle } from 'node:fs/promises';

export async function fileReader(handle: FileHandle) {
  const { Reader } = await import('@zip.js/zip.js');
  const { size } = await handle.stat();
  class FileReader extends Reader<FileHandle> {
    override size = size;
    override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - index)));
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, index + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      return bytes.subarray(0, at);
    }
  }
  return new FileReader(handle);
}
