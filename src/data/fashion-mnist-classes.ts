// data: the classes of Fashion-MNIST, by the integers in its files.

/** What the labels 0, …, 9 stand for, as its authors write it. */
export const FASHION_MNIST_CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
] as const;
