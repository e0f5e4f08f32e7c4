/**
 * Sizes of workgroups and how much work each gets: what a day on real hardware can tune. The sums of a kernel add up in
 * an order that follows from these numbers and the shapes alone, never from the device. So a run has the same bits on
 * every run of one device, and another number here changes the last bits of results: raise NUMERICS then.
 *
 * A workgroup has at most 256 threads, which every WebGPU device allows. 256 threads are 8 warps of NVIDIA or 4 to 8
 * waves of AMD: some six or eight such workgroups fill one of a GPU's processors.
 */
export const TILES = {
  /**
   * Sums over the rows of [rows, channels]. `widest` channels side by side, a power of two: 32 float32 are 128 bytes, a
   * whole line of memory, and leave 8 rows at a time to a workgroup. A thread takes at least `rows` rows, as merging costs
   * more than adding. At most `groups` workgroups share the work: 1024 are eight for each of the 128 processors of the
   * largest GPUs, and few enough that the second pass over their sums takes little.
   */
  sums: { threads: 256, widest: 32, rows: 8, groups: 1024 },
  /**
   * The second pass, over the sums of at most `sums.groups` workgroups. 8 channels are 32 bytes, the least that a GPU
   * reads at once; so 32 threads share the chain of sums of a channel, and many channels still give many workgroups.
   */
  finish: { threads: 256, widest: 8, rows: Infinity, groups: 1 },
  /**
   * What is computed of each element with numbers of its channel, which a thread reads once for its 8 rows or more. It
   * only streams through memory, so `groups` is far more than fit at once: the processors never wait for the last ones.
   */
  apply: { threads: 256, widest: 64, rows: 8, groups: 16_384 },
  /**
   * Rows that are worked on by themselves (layer norm, softmax). Enough neighbouring threads share a row that each has
   * about `each` of its elements: short rows fill a workgroup together, and a long row has all of its threads.
   */
  rows: { threads: 256, each: 4 },
  /**
   * The gradient of an embedding. 64 threads hold a row's part of 64 channels, and look for the row among 32 * 64 tokens
   * at a time. `groups` as above; below `tokens` tokens a workgroup, looking for a share costs more than it saves.
   */
  embedding: { threads: 64, tokens: 2048, groups: 1024 },
  /**
   * Attention. side x side threads have as many queries and keys at a time: 16 make 256 threads, and a multiplication for
   * every value that they read from the workgroup's memory, of which they need 3 KiB.
   */
  attention: { side: 16 },
} as const;
