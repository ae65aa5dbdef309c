// Complex numbers and Fourier transforms.
import * as tf from '@tensorflow/tfjs';
import { call, complex, floats, type KernelCall } from './make.js';

export const spectra: KernelCall[] = [
  call('Complex', 'rank 2', [floats([2, 3]), floats([2, 3])], (re, im) => tf.complex(re, im)),
  call('Real', 'rank 2', [complex([2, 3])], (x) => tf.real(x)),
  call('Imag', 'rank 2', [complex([2, 3])], (x) => tf.imag(x)),
  call('ComplexAbs', 'complex64', [complex([2, 3])], (x) => tf.abs(x)),
  call('FFT', 'rank 1', [complex([5])], (x) => tf.fft(x)),
  call('FFT', 'rank 2', [complex([2, 4])], (x) => tf.fft(x)),
  call('FFT', 'of real numbers', [floats([2, 6])], (x) => tf.rfft(x)),
  call('FFT', 'of real numbers, cut and padded', [floats([2, 6])], (x) => [tf.rfft(x, 4), tf.rfft(x, 9)]),
  call('IFFT', 'rank 1', [complex([5])], (x) => tf.ifft(x)),
  call('IFFT', 'rank 2', [complex([2, 4])], (x) => tf.ifft(x)),
  call('IFFT', 'to real numbers', [complex([2, 5])], (x) => tf.irfft(x)),
  call('FFT', 'short-time', [floats([16])], (x) => tf.signal.stft(x, 6, 3)),
  call('Slice', 'frames', [floats([10])], (x) => tf.signal.frame(x, 4, 3, true, 1)),
  call('Multiply', 'windows', [floats([6])], (x) => [
    x.mul(tf.signal.hannWindow(6)),
    x.mul(tf.signal.hammingWindow(6)),
  ]),
];
