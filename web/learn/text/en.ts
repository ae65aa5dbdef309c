// web: the text of the chapter in English.
export const en = {
  site: 'Softmax regression to touch',
  'index.lede':
    'The textbook chapter in a few small pages. One picture of 2 × 2 pixels, of a cat, a chicken or a dog, goes through all of them. What you change on one page stays changed on the next.',
  skip: 'Skip to the page',
  pages: 'Pages of the chapter',
  language: 'Language',
  'training-page': 'Train a model on your own data',
  next: 'Next: {page}',
  previous: 'Back: {page}',
  ignored: 'The link has values that this page cannot use ({names}). The usual ones are shown instead.',
  guess: 'Guess first.',
  'guess.right': 'Right.',
  'guess.wrong': 'Not quite.',
  touch: 'Try it',
  see: 'What you see',
  code: 'The code that runs',
  'code.hint': 'This page computes its numbers with exactly these lines, in float64.',
  exercise: 'Exercise',
  answer: 'Answer',
  sources: 'Read on',
  formula: 'The formula',
  cat: 'cat',
  chicken: 'chicken',
  dog: 'dog',
  pixels: 'Picture of 2 × 2 pixels, from 0 (light) to 1 (dark): {values}',
  'network.title': 'Network',
  'network.lede':
    'A picture of 2 × 2 pixels is four numbers. The network turns them into three scores, one for each class. The scores are called logits.',
  'network.guess':
    'Four pixels, three classes, each class connected to each pixel. How many numbers does the network have to learn?',
  'network.guess1': '7',
  'network.guess2': '12',
  'network.guess3': '15',
  'network.because':
    'Every class has one weight for each of the 4 pixels, and one bias of its own: 3 · 4 = 12 weights and 3 biases.',
  'network.weight': '{name}, the weight from {pixel} to {class}',
  'network.bias': '{name}, the bias of {class}',
  'network.colours':
    'Move over an edge, or press a term below, to choose it. Blue edges raise the logit, orange ones lower it. The width shows by how much.',
  'network.count': '12 weights + 3 biases = 15 edges.',
  'network.outcome': 'The largest logit is that of {class}. The picture shows: {truth}.',
  'network.see':
    'Each circle on the right adds five terms: each pixel times its weight, and the bias. The bias is an edge from the constant 1.\nEvery output depends on every input, so the layer is called fully connected. Written at once for all classes: o = Wx + b, with W of 3 rows and 4 columns.\nA weight of a pixel that is 0 has no effect: set x₁ to 0, and its three edges turn grey.\nThe logits may have any sign and any sum, so they are not probabilities. Page 4 makes probabilities of them.',
  'network.exercise':
    'A picture has 28 × 28 pixels, and there are 10 classes. How many weights and biases does the network have?',
  'network.answer':
    '28 · 28 = 784 pixels. Each of the 10 classes has 784 weights and 1 bias: 7,840 weights + 10 biases = 7,850 numbers.',
} as const;
