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
  class: 'class',
  'softmax.title': 'Softmax',
  'softmax.lede': 'Softmax turns three logits of any size into three probabilities: each at least 0, together 1.',
  'softmax.guess': 'All three logits grow by the same number c = 100. What happens to the probabilities?',
  'softmax.guess1': 'All grow',
  'softmax.guess2': 'They stay as they are',
  'softmax.guess3': 'The largest becomes 1',
  'softmax.because': 'exp(o + c) = exp(o)·exp(c): the factor exp(c) is in the numerator and in the sum, and cancels.',
  'softmax.temperature': 'Temperature T',
  'softmax.plus': 'Added to all logits: c',
  'softmax.way': 'exp, in bars and triangle',
  'softmax.subtracted': 'stable',
  'softmax.written': 'naive',
  'softmax.no-number':
    'The formula as written gives NaN: its powers overflow to ∞, or all of them underflow to 0, and neither ∞/∞ nor 0/0 is a number. Choose "stable".',
  'softmax.naive': 'ŷ as written',
  'softmax.safe': 'ŷ, maximum subtracted',
  'softmax.numbers': 'From logits to probabilities',
  'softmax.log-sum': 'log Σ exp(z): as written {naive}, with the maximum subtracted {safe}.',
  'softmax.outcome': 'Most probable: {class}, with {share} %.',
  'softmax.bias': 'A slider of a logit moves the bias of its class, so that o = Wx + b still holds on every page.',
  'softmax.see':
    'The order of the logits is the order of the probabilities, so the most probable class is that of the largest logit.\nIn the triangle, a corner is certainty and the middle is "all classes alike". The dot reaches an edge by rounding only: no probability is exactly 0.\nA small T makes the distances between the logits larger. As T → 0, the largest probability tends to 1 (hardmax); for a large T, all tend to 1/3.\nChoose "naive" and increase c above 710: exp(z) overflows to ∞, and the formula as written gives NaN. Softmax does not change if one number is subtracted from all logits, so the maximum m is subtracted first. Then each exponent is at most 0, the largest power is exp(0) = 1, and the sum lies between 1 and 3: it can neither overflow nor become 0.\nThe loss needs log Σ exp(z), log-sum-exp for short. It is computed in the same way, as m + log Σ exp(z − m).',
  'softmax.exercise': 'Compute softmax(0, log 2, log 5) without a machine.',
  'softmax.answer':
    'The powers are 1, 2 and 5, and their sum is 8. The probabilities are 1/8 = 0.125, 2/8 = 0.25 and 5/8 = 0.625. With the sliders: o = (0, 0.7, 1.6) comes close.',
  'gradient.title': 'Loss and gradient',
  'gradient.lede':
    'The loss measures how far the probabilities ŷ are from the target y. Its derivative with respect to the logits is simply ŷ − y.',
  'gradient.guess':
    'The picture shows a dog, and the network gives "dog" the probability 0.72. What is the derivative of the loss with respect to the logit of "dog"?',
  'gradient.guess1': '−0.28',
  'gradient.guess2': '0.72',
  'gradient.guess3': '−1/0.72',
  'gradient.because': 'ŷ − y = 0.72 − 1 = −0.28: a larger logit of "dog" makes the loss smaller.',
  'gradient.arrow': 'Triangle with the target y = ({y}) and an arrow from it to the probabilities ŷ',
  'gradient.drag': 'Drag y in the triangle, or move its sliders. The arrow from y to ŷ is the gradient ŷ − y.',
  'gradient.one-hot': 'One-hot y',
  'gradient.smooth': 'Smoothed y (ε = 0.1)',
  'gradient.even': 'y = ŷ',
  'gradient.formula': 'The formula to check. Break it:',
  'gradient.formula-column': 'formula',
  'gradient.differences': 'differences',
  'gradient.autograd': 'autograd',
  'gradient.three': 'The gradient in three ways',
  'gradient.agree': 'Loss {loss}. Formula and differences agree: they differ by at most {gap}.',
  'gradient.differ':
    'Loss {loss}. Formula and differences differ by up to {gap}. Is the formula wrong, or h unsuitable?',
  'gradient.load': 'Add autograd: load TensorFlow.js',
  'gradient.loaded': 'Autograd by TensorFlow.js, in float32',
  'gradient.failed': 'TensorFlow.js did not load. Try again',
  'gradient.step': 'Step of the differences: h',
  'gradient.chart': 'Error of the differences by their step h, both logarithmic. At this h it is {error}.',
  'gradient.axes': 'Upward: the largest error of the differences. To the right: h. Both axes are logarithmic.',
  'gradient.hessian': 'Hessian',
  'gradient.see':
    'The loss is ℓ = −Σ yⱼ log ŷⱼ = log Σ exp(oₖ) − Σ yⱼoⱼ. The derivative of the first term is softmax, that of the second is y.\nThe formula holds for each y whose parts are at least 0 and sum to 1: one-hot, smoothed, or any other. If y = ŷ, the gradient is 0.\nThe differences use values of the loss only, so they check the formula without knowing it. A large h has the error of the method, which falls as h². A small h has the error of rounding, which grows as 1/h. Between them, near h = 1e−5, both are small.\nAutograd computes in float32, so it agrees to about seven digits.\nThe Hessian is diag(ŷ) − ŷŷᵀ. Its diagonal holds ŷⱼ(1 − ŷⱼ), the variance of the one-hot label under ŷ: a network that is sure has a flat loss.',
  'gradient.exercise':
    'ŷ = (0.2, 0.3, 0.5) and y is one-hot for the first class. What are the loss and the gradient? What is the sum of the gradient, and why?',
  'gradient.answer':
    'The loss is −log 0.2 = 1.609. The gradient is (−0.8, 0.3, 0.5). Its sum is 0, as ŷ and y both sum to 1. So the loss does not change if all logits grow alike, as page 4 shows.',
  'bits.title': 'Bits',
  'bits.lede':
    'To tell someone the class of each picture, one sends a word of bits for each class. How short can the messages be? The entropy answers, and the loss of a network is the length of a code made for its probabilities.',
  'bits.guess':
    'Half of all pictures are dogs, a quarter cats, a quarter chickens. How many bits for each picture does the shortest code need on average?',
  'bits.guess1': '1',
  'bits.guess2': '1.5',
  'bits.guess3': '2',
  'bits.because':
    'One bit for the dog and two bits for each of the others: 0.5 · 1 + 0.25 · 2 + 0.25 · 2 = 1.5 bits. This is the entropy H(P), and no code is shorter.',
  'bits.word': 'Word of {class}',
  'bits.tree':
    'All words of 1, 2 and 3 bits, one row for each length. A word takes the cells below it. The words: {words}',
  'bits.complete': 'Prefix-free. Kraft’s sum: {kraft}. No room is left for a shorter word.',
  'bits.prefix-free':
    'Prefix-free. Kraft’s sum: {kraft}. It is below 1, so some cells stay free: a word can become shorter.',
  'bits.conflict':
    'Not prefix-free: {word} ({class}) begins {longer} ({other}), so a receiver of {word} does not know which is meant. Kraft’s sum: {kraft}. It is at most 1, so there is a prefix code with words of these lengths.',
  'bits.impossible':
    'Not prefix-free: {word} ({class}) begins {longer} ({other}), so a receiver of {word} does not know which is meant. Kraft’s sum: {kraft}. It is above 1, so no prefix code has words as short as these.',
  'bits.empty': 'Not prefix-free: {class} has no bits yet, and every word begins with nothing. Kraft’s sum: {kraft}.',
  'bits.yours': 'your code',
  'bits.bars':
    'Mean number of bits for one picture. Blue: what is needed, H(P). Orange: what is lost. Q is the prediction ŷ of the network for the picture.',
  'bits.share': '2^−length',
  'bits.numbers': 'Surprisal and share of each class',
  'bits.gap': 'A code made for Q loses D(P ‖ Q) = H(P, Q) − H(P) = {bits} bits for each picture.',
  'bits.picture':
    'The 2 × 2 picture shows: {class}. The network gives it {share}, so its surprisal is {bits} bits = {nats} nats. In nats, that is the loss of the picture on page 6.',
  'bits.flowers': 'The surprisal of single flowers',
  'bits.model':
    'Six of 150 irises, under a softmax regression that is fitted to all of them. Lengths in cm: sepal length and width, petal length and width.',
  'bits.species': 'species y',
  'bits.lengths': 'lengths x',
  'bits.best': 'most probable',
  'bits.setosa': 'setosa',
  'bits.versicolor': 'versicolor',
  'bits.virginica': 'virginica',
  'bits.see':
    'In a prefix code, no word begins another, so a receiver knows where each word ends. In the table of words, a word takes its cell and all cells below it. Two words must not share cells.\nA word of length l takes the share 2^−l of the width. The shares of a prefix code sum to at most 1: Kraft’s inequality. If the shares are exactly 1, they are a distribution R, and the mean length is the cross-entropy H(P, R).\nAn event of probability p has the surprisal −log₂ p, and its best word has this length. The mean of the surprisal is the entropy H(P). A code meets it if every P(k) is 1/2, 1/4, 1/8 and so on.\nWho expects Q, while the classes come as P, needs H(P, Q) bits. The difference to H(P) is D(P ‖ Q), the Kullback–Leibler divergence. It is 0 only if P = Q: press "P = Q".\nThe loss of one flower is its surprisal: near 0 if the model is certain and right, large if it is certain and wrong. The mean over all 150 flowers is 0.1869 bits, the cross-entropy of the model.',
  'bits.exercise':
    'All three classes have the probability 1/3. What is the mean length of the best prefix code, and how far is it from H(P)? How can messages become shorter if two pictures are sent at once?',
  'bits.answer':
    'The best lengths are 1, 2 and 2, with the mean 5/3 = 1.667 bits. H(P) = log₂ 3 = 1.585 bits, so 0.082 bits are lost.\nTwo pictures have 9 equally likely pairs. A prefix code with 7 words of 3 bits and 2 words of 4 bits needs (7 · 3 + 2 · 4)/9 = 3.222 bits for a pair, and 1.611 for a picture. With n pictures at once, the loss for each picture is below 1/n bit.',
  'train.title': 'Train',
  'train.lede':
    'Training changes the 12 weights and 3 biases step by step. Each step goes a little against the gradient of the loss. The picture of the other pages is one of 24 training pictures.',
  'train.guess':
    'All weights and biases are 0 at the start, so the network gives each class the same probability. What is the loss of each picture?',
  'train.guess1': '0',
  'train.guess2': '1/3',
  'train.guess3': 'log 3 = 1.0986',
  'train.because':
    'Each class has the probability 1/3, so the loss of each picture is −log 1/3 = log 3, whatever its label.',
  'train.step': 'Step',
  'train.play': 'Play',
  'train.pause': 'Pause',
  'train.restart': 'Start again',
  'train.others': 'Other pictures',
  'train.steps': 'Steps done',
  'train.batch': 'Batch size: pictures in a step',
  'train.rate': 'Learning rate η',
  'train.first': 'The picture of all pages ({class}), and its probabilities now:',
  'train.status': 'Steps: {steps} (full epochs: {epochs}). Mean loss {loss}. Right: {right} of {count} pictures.',
  'train.chart': 'Mean loss of all pictures after each step. Now it is {loss}.',
  'train.axes': 'Upward: the mean loss of all 24 pictures. To the right: steps.',
  'train.gallery': 'The 24 training pictures in rows by class, with the probability of their label. {right} are right.',
  'train.key':
    'Below each picture: the probability of its label, with ✗ if another class is as probable or more. A bar marks the batch of the next step, a thick frame the picture of all pages.',
  'train.triangle': 'Triangle with the prediction for each of the 24 pictures as a mark',
  'train.regions':
    'Each mark is the prediction for one picture, its shape the label: ● cat, ■ chicken, ▲ dog. The ring is around the picture of all pages. In the region at a corner, that class is the most probable.',
  'train.weights': 'Weights of each class as a picture. {weights}',
  'train.colours': 'The weights of each class at the place of their pixels. Blue is positive, orange negative.',
  'train.take': 'Use these weights on all pages',
  'train.taken': 'The other pages of the chapter now use the weights and biases of step {steps}.',
  'train.likelihood': 'The likelihood, and its logarithm',
  'train.n': 'Number of labels n',
  'train.p': 'Probability p of each label',
  'train.samples': 'labels',
  'train.given': '{n} of {p} each',
  'train.pictures': 'the {n} pictures',
  'train.zero':
    'With p = {p}, the product is 0 from {float32} labels on in float32, and from {float64} on in float64. The sum goes on.',
  'train.see':
    'A step computes ŷ − y for each picture of the batch, multiplies it by the pixels, takes the mean, and moves W and b by −η times that. Press "Start again", and then "Step" a few times.\nIn an epoch, each picture is used once. A batch of 24 is the gradient of all pictures, and the loss falls smoothly. A small batch is a random estimate of it: more steps for the same work, but the curve trembles.\nA small learning rate is slow. A large one overshoots: try η = 10.\nThe weights become pictures: blue where dark pixels speak for a class, orange where they speak against it.\nThe likelihood P(Y|X) is the product of the probabilities of all labels. It soon underflows to 0, and then all models look alike. Its logarithm is a sum, and does not. The largest likelihood is the smallest sum of −log P(y|x), which is the loss.',
  'train.exercise':
    'W and b are 0, and the batch is only the picture x = (0.1, 0.9, 0.8, 0.2) of a dog. What are the weights and the bias of the dog after one step with η = 0.5? And of the cat?',
  'train.answer':
    'ŷ = (1/3, 1/3, 1/3) and y = (0, 0, 1), so ŷ − y = (1/3, 1/3, −2/3). The bias of the dog becomes 0 + 0.5 · 2/3 = 1/3, and its weights become the picture times 1/3: (0.033, 0.3, 0.267, 0.067).\nThe bias of the cat becomes −1/6, and its weights become the picture times −1/6: (−0.017, −0.15, −0.133, −0.033).',
} as const;
