{
  # The C++ standard and the flags, stated here and nowhere else.
  'variables': {
    'cxx_standard': 'c++17',
    # Decides the bits of the results: no flag here may let the compiler reorder a sum.
    'optimization': ['-O3', '-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math'],
    # -Wno-psabi: vector types are only passed between functions of one file. -Wno-unknown-pragmas: `GCC unroll` and
    # `GCC ivdep` are g++'s.
    'warnings': ['-Wall', '-Wextra', '-Wunused-parameter', '-Wno-psabi', '-Wno-unknown-pragmas'],
    # CI sets ADAMW_BENCH_WERROR. A user's newer compiler may know warnings that ours does not, and still builds.
    'werror': '<!(node -p "process.env.ADAMW_BENCH_WERROR ? \'-Werror\' : \'-Wno-error\'")',
    # What the loader (src/backends/onednn/locate.ts) reads from the finished file.
    'package_version': '<!(node -p "require(\'../package.json\').version")',
    'flags_avx2': ['-mavx2', '-mfma'],
    'flags_avx512': ['-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq', '-mfma', '-mprefer-vector-width=512'],
  },
  # The kernels under simd/ are compiled once for each instruction set and chosen at run time (simd/table.cc). Nothing
  # is compiled for the building machine only.
  'target_defaults': {
    'cflags': ['<@(optimization)', '-fPIC', '-fopenmp', '-fvisibility=hidden'],
    'cflags!': ['-fno-exceptions', '-fno-rtti', '-Wno-unused-parameter'],
    'cflags_cc': ['-std=<(cxx_standard)', '-fexceptions', '<@(warnings)', '<(werror)'],
    'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
    'defines': ['NAPI_VERSION=8', 'NAPI_CPP_EXCEPTIONS'],
  },
  'targets': [
    {
      'target_name': 'simd_base',
      'type': 'static_library',
      'defines': ['ISA=base', 'ISA_LANES=4', 'ISA_REGISTERS=16'],
      'sources': ['simd/kernels_base.cc'],
    },
    {
      'target_name': 'adamw_onednn',
      'dependencies': ['simd_base'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'sources': [
        'addon.cc',
        'convolution.cc',
        'direct_convolution.cc',
        'winograd_convolution.cc',
        'matmul.cc',
        'pooling.cc',
        'elementwise.cc',
        'reduction.cc',
        'batch_norm.cc',
        'training.cc',
        'transformer.cc',
        'simd/table.cc',
      ],
      'defines': ['ADAMW_BENCH_VERSION="<(package_version)"'],
      'libraries': ['-ldnnl', '-fopenmp'],
      # Libraries that lie beside the addon come first, as in packages/onednn-linux-x64. The old kind of path: it also
      # holds for the libraries that those libraries need.
      'ldflags': ['-Wl,--disable-new-dtags', "-Wl,-rpath,'$$ORIGIN'"],
      'conditions': [
        ['target_arch=="x64"', {
          'defines': ['WITH_X86_KERNELS'],
          'dependencies': ['simd_avx2', 'simd_avx512'],
        }],
      ],
    },
  ],
  'conditions': [
    ['target_arch=="x64"', {
      'targets': [
        {
          'target_name': 'simd_avx2',
          'type': 'static_library',
          'defines': ['ISA=avx2', 'ISA_LANES=8', 'ISA_REGISTERS=16'],
          'cflags': ['<@(flags_avx2)'],
          'sources': ['simd/kernels_avx2.cc'],
        },
        {
          'target_name': 'simd_avx512',
          'type': 'static_library',
          'defines': ['ISA=avx512', 'ISA_LANES=16', 'ISA_REGISTERS=32'],
          'cflags': ['<@(flags_avx512)'],
          'sources': ['simd/kernels_avx512.cc'],
        },
      ],
    }],
  ],
}
