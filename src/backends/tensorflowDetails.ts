/** What `doctor` tells of TensorFlow besides whether it works: the cards, and each library that CUDA needs. */
import { createRequire } from 'node:module';
import { join, normalize } from 'node:path';
import { listGpus, type Gpu } from './gpus.js';
import { PACKAGE_FOLDER, SUPPORT_ADDON, type SetUp, type SupportAddon } from './tensorflowHome.js';

/**
 * The libraries that TensorFlow 2.21 opens by name for a GPU, those of cuDNN that cuDNN itself opens, and the driver's.
 * https://github.com/openxla/xla/blob/main/xla/tsl/platform/default/dso_loader.cc
 */
export const CUDA_LIBRARIES = [
  'libcuda.so.1',
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcudnn.so.9',
  'libcudnn_ops.so.9',
  'libcudnn_cnn.so.9',
  'libcudnn_graph.so.9',
  'libcufft.so.11',
  'libcurand.so.10',
  'libcusolver.so.11',
  'libcusparse.so.12',
  'libcupti.so.12',
  'libnccl.so.2',
  'libnvJitLink.so.12',
  'libnvrtc.so.12',
] as const;

/** Opens the libraries as TensorFlow would. Loads gigabytes: for a process that ends soon. */
export function openLibraries(folder: string): Record<string, ReturnType<SupportAddon['open']>> {
  const addon = createRequire(import.meta.url)(join(folder, PACKAGE_FOLDER, SUPPORT_ADDON)) as SupportAddon;
  return Object.fromEntries(CUDA_LIBRARIES.map((name) => [name, addon.open(name)]));
}

const describe = ({ name, computeCapability, driver, memory }: Gpu): string =>
  [name, computeCapability && `compute capability ${computeCapability}`, memory, driver && `driver ${driver}`]
    .filter(Boolean)
    .join(', ');

/** The lines of `doctor` about cards and libraries. */
export function tensorflowDetails(
  setUp: { readonly folder: string; readonly kind: SetUp['kind'] } | undefined,
): Record<string, string> {
  const cards = listGpus().map((gpu, i) => [`GPU ${i}`, describe(gpu)]);
  if (setUp?.kind !== 'cuda') return Object.fromEntries(cards) as Record<string, string>;
  const libraries = Object.entries(openLibraries(setUp.folder)).map(([name, found]) => [
    name,
    'path' in found ? normalize(found.path) : `not found: ${found.problem}`,
  ]);
  return Object.fromEntries([...cards, ...libraries]) as Record<string, string>;
}
