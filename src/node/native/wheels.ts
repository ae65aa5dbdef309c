// node: the pinned wheels with TensorFlow's C library, and with MPI, by platform.

/** One file of the Python package index. The checksum ensures that the user's client gets exactly this file. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** The platform tag, as `pip download --platform` takes it. */
  readonly platform: string;
  readonly sha256: string;
  readonly bytes: number;
  /** What works without it, in a sentence. */
  readonly meanwhile?: string;
}

export const TENSORFLOW_VERSION = '2.21.0';

/** The wheels of CPython 3.12. Their library is the same for every Python version. */
export const WHEEL_PYTHON = '3.12';

/** By `os-arch` of `process`. Windows wheels do not contain the library. For Intel Macs there are none since 2.17. */
export const CPU_WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    name: 'tensorflow-cpu',
    version: TENSORFLOW_VERSION,
    platform: 'manylinux_2_27_x86_64',
    sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
    bytes: 274_000_871,
  },
  'linux-arm64': {
    name: 'tensorflow',
    version: TENSORFLOW_VERSION,
    platform: 'manylinux_2_27_aarch64',
    sha256: 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552',
    bytes: 281_946_471,
  },
  'darwin-arm64': {
    name: 'tensorflow',
    version: TENSORFLOW_VERSION,
    platform: 'macosx_12_0_arm64',
    sha256: '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712',
    bytes: 223_488_205,
  },
};

export const MPICH_VERSION = '5.0.2';

/** What works without MPI. */
export const ALONE_MEANWHILE = 'Until then, one process computes alone.';

/** MPICH with the standard ABI of MPI 5, by `os-arch` of `process`. */
export const MPI_WHEELS: Readonly<Record<string, Wheel>> = {
  'linux-x64': {
    name: 'mpich',
    version: MPICH_VERSION,
    meanwhile: ALONE_MEANWHILE,
    platform: 'manylinux_2_28_x86_64',
    sha256: '8fed465ebff269ea2ebac179a25de02671ddf8df476e0f115be089015015cfd4',
    bytes: 13_282_595,
  },
  'linux-arm64': {
    name: 'mpich',
    version: MPICH_VERSION,
    meanwhile: ALONE_MEANWHILE,
    platform: 'manylinux_2_28_aarch64',
    sha256: '992ae6ebb0da97d49d7a67000ae8112da9a3825da1bb1e6f1d196428a0410f2d',
    bytes: 10_390_986,
  },
  'darwin-arm64': {
    name: 'mpich',
    version: MPICH_VERSION,
    meanwhile: ALONE_MEANWHILE,
    platform: 'macosx_11_0_arm64',
    sha256: 'fa6611d3efa2d5a5f624976458d25988bfd5626afc09402f662ff0defbb45cd4',
    bytes: 9_541_867,
  },
};

/**
 * TensorFlow with CUDA 12 for linux-x64, and the newest libraries within the ranges of its extra `and-cuda`.
 * The folders of the wheels are preserved: the library loads CUDA relative to itself (`$ORIGIN/../nvidia/…/lib`).
 */
export const CUDA_WHEELS: readonly Wheel[] = [
  {
    name: 'tensorflow',
    version: TENSORFLOW_VERSION,
    platform: 'manylinux_2_27_x86_64',
    sha256: 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0',
    bytes: 572_611_111,
  },
  {
    name: 'nvidia-cublas-cu12',
    version: '12.9.3.13',
    platform: 'manylinux_2_27_x86_64',
    sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    bytes: 581_217_458,
  },
  {
    name: 'nvidia-cuda-cupti-cu12',
    version: '12.9.79',
    platform: 'manylinux_2_25_x86_64',
    sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    bytes: 10_814_997,
  },
  {
    name: 'nvidia-cuda-nvcc-cu12',
    version: '12.9.86',
    platform: 'manylinux2010_x86_64',
    sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
    bytes: 40_546_229,
  },
  {
    name: 'nvidia-cuda-nvrtc-cu12',
    version: '12.9.86',
    platform: 'manylinux2010_x86_64',
    sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    bytes: 89_568_129,
  },
  {
    name: 'nvidia-cuda-runtime-cu12',
    version: '12.9.79',
    platform: 'manylinux2014_x86_64',
    sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    bytes: 3_493_179,
  },
  {
    name: 'nvidia-cudnn-cu12',
    version: '9.28.0.42',
    platform: 'manylinux_2_27_x86_64',
    sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    bytes: 716_538_495,
  },
  {
    name: 'nvidia-cufft-cu12',
    version: '11.4.1.4',
    platform: 'manylinux2014_x86_64',
    sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    bytes: 200_877_592,
  },
  {
    name: 'nvidia-curand-cu12',
    version: '10.3.10.19',
    platform: 'manylinux_2_27_x86_64',
    sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    bytes: 68_295_626,
  },
  {
    name: 'nvidia-cusolver-cu12',
    version: '11.7.5.82',
    platform: 'manylinux_2_27_x86_64',
    sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    bytes: 338_117_415,
  },
  {
    name: 'nvidia-cusparse-cu12',
    version: '12.5.10.65',
    platform: 'manylinux2014_x86_64',
    sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    bytes: 366_465_088,
  },
  {
    name: 'nvidia-nccl-cu12',
    version: '2.32.3',
    platform: 'manylinux_2_27_x86_64',
    sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    bytes: 351_526_311,
  },
  {
    name: 'nvidia-nvjitlink-cu12',
    version: '12.9.86',
    platform: 'manylinux2010_x86_64',
    sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    bytes: 39_748_338,
  },
];
