/**
 * Every file that a set-up fetches, with its version, size and sha256. They belong together: the CUDA wheels are those
 * that the extra `and-cuda` of the TensorFlow wheel allows. To move to another version, change them all here, run
 * `npm run test:cuda-setup` and `.ci/tensorflow`.
 */

/** What can be set up: TensorFlow's CPU libraries, or its CUDA build with NVIDIA's libraries. */
export type Kind = 'cpu' | 'cuda';

/** One file to fetch. */
export interface Pin {
  readonly registry: 'pypi' | 'npm';
  /** The project's name in its registry. */
  readonly project: string;
  readonly version: string;
  readonly file: string;
  /** What the file is built for, as wheels name it; npm packages have none. */
  readonly platforms: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
}

/** A wheel; `tags` is the end of its file name, https://packaging.python.org/specifications/binary-distribution-format. */
function wheel(project: string, version: string, tags: string, bytes: number, sha256: string): Pin {
  const file = `${project.replaceAll('-', '_')}-${version}-${tags}.whl`;
  const platforms = tags.split('-').at(-1)!.split('.');
  return { registry: 'pypi', project, version, file, platforms, bytes, sha256 };
}

/** A package of the npm registry, under the file name that `npm pack` gives it. */
function npm(project: string, version: string, bytes: number, sha256: string): Pin {
  const file = `${project.replace('@', '').replace('/', '-')}-${version}.tgz`;
  return { registry: 'npm', project, version, file, platforms: [], bytes, sha256 };
}

export const TENSORFLOW_VERSION = '2.21.0';
/** Of @tensorflow/tfjs-node-gpu; the version of this program's own tfjs. */
export const TFJS_VERSION = '4.22.0';

/* prettier-ignore */
const packages: readonly Pin[] = [
  npm('@tensorflow/tfjs-node-gpu', TFJS_VERSION, 223_379, 'afd5599ee1662e732c00a0ad1f52a3d001bdc118a1f44bd592a0a0ebf2daa4c7'),
  // What tfjs-node-gpu requires when it is loaded. The rest of its dependencies is for its install script only.
  npm('google-protobuf', '3.21.4', 68_046, '38299bb1802ce06900ea2e43650aded8393cd6a00012ed97ffc716eeab1e1091'),
  npm('progress', '2.0.3', 6_000, '701865e18ff6c0e3ba778756ddef8db1dc05c00a901babe57bc7a0a7e0e82aa4'),
  // The headers that the binding is compiled with: so no headers of Node need be installed.
  npm('node-api-headers', '1.9.0', 16_974, '6cbfac49542194ae2c8f1dee5fa2dc00d66bec9cbf3b59e3a4e5f16d14eb0d19'),
];

/* prettier-ignore */
const cpuWheels: readonly Pin[] = [
  wheel('tensorflow-cpu', TENSORFLOW_VERSION, 'cp311-cp311-manylinux_2_27_x86_64', 273_829_956, '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c'),
];

/* prettier-ignore */
const cudaWheels: readonly Pin[] = [
  wheel('tensorflow', TENSORFLOW_VERSION, 'cp311-cp311-manylinux_2_27_x86_64', 572_440_367, '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124'),
  wheel('nvidia-cublas-cu12', '12.9.3.13', 'py3-none-manylinux_2_27_x86_64', 581_217_458, 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72'),
  wheel('nvidia-cuda-cupti-cu12', '12.9.79', 'py3-none-manylinux_2_25_x86_64', 10_814_997, '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f'),
  wheel('nvidia-cuda-nvcc-cu12', '12.9.86', 'py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64', 40_546_229, '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0'),
  wheel('nvidia-cuda-nvrtc-cu12', '12.9.86', 'py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64', 89_568_129, '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4'),
  wheel('nvidia-cuda-runtime-cu12', '12.9.79', 'py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64', 3_493_179, '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3'),
  wheel('nvidia-cudnn-cu12', '9.28.0.42', 'py3-none-manylinux_2_27_x86_64', 716_538_495, '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375'),
  wheel('nvidia-cufft-cu12', '11.4.1.4', 'py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64', 200_877_592, 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28'),
  wheel('nvidia-curand-cu12', '10.3.10.19', 'py3-none-manylinux_2_27_x86_64', 68_295_626, '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e'),
  wheel('nvidia-cusolver-cu12', '11.7.5.82', 'py3-none-manylinux_2_27_x86_64', 338_117_415, '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88'),
  wheel('nvidia-cusparse-cu12', '12.5.10.65', 'py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64', 366_465_088, '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78'),
  wheel('nvidia-nccl-cu12', '2.32.3', 'py3-none-manylinux_2_27_x86_64', 351_526_311, 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c'),
  wheel('nvidia-nvjitlink-cu12', '12.9.86', 'py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64', 39_748_338, 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9'),
];

/** What each kind of set-up fetches. */
export const PINS: Readonly<Record<Kind, readonly Pin[]>> = {
  cpu: [...packages, ...cpuWheels],
  cuda: [...packages, ...cudaWheels],
};

/** Bytes on disk of a finished set-up, measured and rounded up. */
export const UNPACKED: Readonly<Record<Kind, number>> = { cpu: 900_000_000, cuda: 5_700_000_000 };

/** The oldest GNU C library that the wheels run on: `manylinux_2_27`. */
export const OLDEST_GLIBC = '2.27';

/** Told of bytes as they come: how many of this file are there. */
export type OnBytes = (file: string, bytes: number) => void;
