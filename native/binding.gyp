{
  # The kernels under simd/ are compiled once per instruction set and chosen at run time (simd/table.cc): nothing
  # here is compiled for the building machine only.
  'target_defaults': {
    'cflags!': ['-fno-exceptions', '-fno-rtti'],
    'cflags_cc!': ['-fno-exceptions', '-fno-rtti', '-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': ['-std=c++17', '-fexceptions', '-Wall', '-Wextra', '-Wno-psabi', '-Wno-unknown-pragmas'],
    'cflags': ['-O3', '-fPIC', '-fopenmp', '-ffp-contract=fast', '-fno-math-errno', '-fno-trapping-math',
               '-fvisibility=hidden'],
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
        'simd/table.cc',
      ],
      'libraries': ['-ldnnl', '-fopenmp'],
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
          'cflags': ['-mavx2', '-mfma'],
          'sources': ['simd/kernels_avx2.cc'],
        },
        {
          'target_name': 'simd_avx512',
          'type': 'static_library',
          'defines': ['ISA=avx512', 'ISA_LANES=16', 'ISA_REGISTERS=32'],
          'cflags': ['-mavx512f', '-mavx512vl', '-mavx512bw', '-mavx512dq', '-mfma', '-mprefer-vector-width=512'],
          'sources': ['simd/kernels_avx512.cc'],
        },
      ],
    }],
  ],
}
