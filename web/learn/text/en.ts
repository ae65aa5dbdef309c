// web: the text of the chapter in English.
export const en = {
  site: 'Softmax regression, interactive',
  'index.lede':
    'The textbook chapter in a few small pages. One picture of 2 × 2 pixels, of a cat, a chicken or a dog, goes through all of them. What you change on one page stays changed on the next.',
  skip: 'Skip to the page',
  pages: 'Pages of the chapter',
  language: 'Language',
  'training-page': 'Train a model on your own data',
  next: 'Next: {page}',
  previous: 'Back: {page}',
  ignored: 'Parts of the link are not used: {faults}.',
  'ignored.defaults': ' The page shows its default values in place of wrong ones.',
  'ignored.unknown': 'the name "{name}" is unknown',
  'ignored.repeated': '"{name}" is given more than once',
  'ignored.invalid': 'the value of "{name}" is not valid',
  'ignored.next': '; ',
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
  'label.title': 'Label',
  'label.lede':
    'A picture is four numbers, but its class is a name. A network needs numbers for the class too. How they are chosen matters.',
  'label.guess':
    'Let dog be 1, cat 2 and chicken 3. A model is undecided between dog and chicken and answers with the mean of the two codes. Which class has this code?',
  'label.guess1': 'dog or chicken',
  'label.guess2': 'cat',
  'label.guess3': 'none',
  'label.because':
    '(1 + 3)/2 = 2, the code of cat, although nothing suggests a cat. One-hot, the mean is (0, 0.5, 0.5): half chicken, half dog, no cat.',
  'label.pixels': 'The pixels of the picture',
  'label.pixel': '{name} = {value}, make it darker',
  'label.press':
    'Press a pixel to make it darker. After black it is white again. x₁ and x₂ are the upper pixels, x₃ and x₄ the lower ones.',
  'label.class': 'The picture shows a',
  'label.middle': 'The class in the middle, with code 2',
  'label.sample': 'The picture: x = {x}\nIts class: {class}\nAs a code: {code}\nOne-hot: y = {y}',
  'label.line': 'Codes 1, 2, 3 on a line',
  'label.triangle': 'One-hot vectors as points in space, seen along (1, 1, 1)',
  'label.line-picture':
    'Codes on a line: {first} 1, {middle} 2, {last} 3. The distance between {first} and {last} is 2, the others are 1.',
  'label.triangle-picture':
    'Triangle of the three one-hot vectors. All sides have the length 1.414. The mean of {first} and {last} is the middle of their side.',
  'label.pair': 'classes',
  'label.code-distance': 'distance of the codes',
  'label.one-hot-distance': 'distance of the one-hot vectors',
  'label.distances': 'Distances between the classes',
  'label.mean':
    'The orange ring is the mean of {first} and {last}. As a code it is {code}, the code of {middle}. One-hot it is {vector}, which is no class.',
  'label.see':
    'The label is what a person says about the picture. It does not follow from the pixels: press them, and the label stays.\nCodes put the classes on a line, so they get an order and distances that the classes do not have. The first and the last class are twice as far apart as neighbours. Another class in the middle gives other distances.\nOne-hot vectors have one component for each class: 1 for the class, 0 for all others. Any two classes have the distance √2 = 1.414, so none is nearer to another.\nCodes suit classes with an order, such as baby, child, adult.\nA one-hot vector can be read as probabilities: 1 for one class, 0 for the others. So the network has one output for each class, and its probabilities can be compared with y (page 6).',
  'label.exercise':
    'Can codes on a line give three classes equal distances? There are 10 classes with one-hot vectors: how many numbers is a label, and how far apart are two classes?',
  'label.answer':
    'No. Of three points on a line, one lies between the others, and the outer distance is the sum of the inner two. A one-hot label of 10 classes is 10 numbers. Two of them differ in two components, by 1 each, so their distance is √(1² + 1²) = √2, for any number of classes.',
  'network.title': 'Network',
  'network.lede':
    'A picture of 2 × 2 pixels is four numbers: x₁ and x₂ in the upper row, x₃ and x₄ in the lower. The network turns them into three scores, one for each class. The scores are called logits: o₁, o₂ and o₃.',
  'network.guess':
    'The logit of a class is a sum: each of the four pixels times a weight, and one more number, the bias. How many numbers does the network learn for three classes?',
  'network.guess1': '7',
  'network.guess2': '12',
  'network.guess3': '15',
  'network.because':
    'Every class has one weight for each of the 4 pixels, and one bias of its own: 3 · 4 = 12 weights and 3 biases.',
  'network.weight': '{name}, the weight from {pixel} to {class}',
  'network.bias': '{name}, the bias of {class}',
  'network.colours':
    'Choose an edge: point at it, tap it, or press its term below. Blue edges raise the logit, orange ones lower it. The width shows by how much.',
  'network.count': '12 weights + 3 biases = 15 edges.',
  'network.outcome': 'The largest logit is that of {class}. The picture shows: {truth}.',
  'network.see':
    'Each circle on the right adds five terms: each pixel times its weight, and the bias. The bias is an edge from the constant 1.\nEvery output depends on every input, so the layer is called fully connected. Written at once for all classes: o = Wx + b. Row j of W holds the 4 weights of class j.\nIf a pixel is 0, its weights have no effect: set x₁ to 0, and its three edges turn grey.\nThe logits may have any sign and any sum, so they are not probabilities. Page 4 makes probabilities of them.',
  'network.exercise':
    'A picture has 28 × 28 pixels, and there are 10 classes. How many weights and biases does the network have?',
  'network.answer':
    '28 · 28 = 784 pixels. Each of the 10 classes has 784 weights and 1 bias: 7,840 weights + 10 biases = 7,850 numbers.',
  'cost.title': 'Cost',
  'cost.lede':
    'A fully connected layer with d inputs and q outputs has dq weights. A layer with parameterized hypercomplex multiplication (PHM) has dq/n + n³ instead, for a number n that you choose.',
  'cost.guess':
    'A layer has d = 784 inputs and q = 16 outputs. With PHM and n = 8, dq/n is an eighth of dq. How many times smaller is the whole layer?',
  'cost.guess1': '8 times',
  'cost.guess2': 'about 6 times',
  'cost.guess3': '512 times',
  'cost.because':
    'dq/n = 1,568 numbers are left of 12,544, but n³ = 512 are added. With 16 biases in either layer that is 12,560 against 2,096, which is 5.99 times as many.',
  'cost.d': 'd, the inputs',
  'cost.q': 'q, the outputs',
  'cost.n': 'n',
  'cost.picture': 'Our picture: 4 × 3',
  'cost.fashion': 'Fashion-MNIST: 784 × 10',
  'cost.example': '16 classes: 784 × 16',
  'cost.hidden': 'A hidden layer: 1,024 × 1,024',
  'cost.full': 'dq + q, full layer',
  'cost.components': 'dq/n, components',
  'cost.factors': 'n³, factors',
  'cost.total': 'dq/n + n³ + q, PHM',
  'cost.chart':
    'Numbers of a layer for each n, both logarithmic. PHM needs the fewest with n = {best}: {least}. The full layer has {full}.',
  'cost.axes':
    'Upward: numbers to learn. To the right: n. Both axes are logarithmic. A dot is an n that divides d and q.',
  'cost.best': 'The fewest numbers: n = {n}, with {total}. The curve is lowest at n = ⁴√(dq/3) = {root}.',
  'cost.saves':
    'PHM with n = {n} has {total} numbers instead of {full}, {ratio} times fewer. Without n³ and the biases it would be {n} times.',
  'cost.loses': 'PHM does not pay with n = {n}: it has {total} numbers, and the full layer has {full}.',
  'cost.none':
    'There is no such layer: n must divide d = {d} and q = {q}, and {n} does not. The largest n that does is {largest}.',
  'cost.see':
    'W of the full layer has dq entries. Its cost is O(dq): it grows in proportion to dq.\nPHM divides W into n × n blocks. Each block is a weighted sum of the same n matrices, the components S₁ … Sₙ. Each of them has d/n rows and q/n columns, so they have dq/n entries in all. The weights of Sᵢ in the n × n blocks are its factor Aᵢ. The n factors have n · n² = n³ entries. Written at once: W = Σ Aᵢ ⊗ Sᵢ. The Kronecker product ⊗ multiplies each entry of Aᵢ by the whole of Sᵢ. (W has a row for each input here, so it is that of page 2 transposed.)\nSo the cost is O(dq/n) only while n³ is small against dq/n. For growing n it falls at first, is least near n = ⁴√(dq/3), and then grows as n³.\nn must divide d and q. With 784 pixels and 10 classes only 1 and 2 do.\nFewer numbers can express fewer matrices W. n lets you choose between size and accuracy (Zhang et al., 2021). examples/parameter-cost.ts measures both.',
  'cost.exercise':
    'Our picture gets a fourth class, so d = q = 4. Without biases, how many numbers has PHM with n = 2, and with n = 4? Does it pay?',
  'cost.answer':
    'n = 2: 4 · 4/2 = 8 components and 2³ = 8 factors, 16 numbers. The full layer has 4 · 4 = 16 as well, so nothing is saved. n = 4: 4 + 64 = 68, more than four times as many. PHM pays for large layers.',
  class: 'class',
  'softmax.title': 'Softmax',
  'softmax.lede':
    'Softmax turns three logits of any size into three probabilities, ŷⱼ = exp(oⱼ) / Σₖ exp(oₖ). Each is above 0, and their sum is 1.',
  'softmax.guess': 'The same number c = 100 is added to all three logits. What happens to the probabilities?',
  'softmax.guess1': 'All grow',
  'softmax.guess2': 'They stay as they are',
  'softmax.guess3': 'The largest becomes 1',
  'softmax.because':
    'exp(o + c) = exp(o)·exp(c): the factor exp(c) is in the numerator and in the denominator, and cancels.',
  'softmax.temperature': 'Temperature T',
  'softmax.plus': 'Added to all logits: c',
  'softmax.way': 'Formula in bars and triangle',
  'softmax.subtracted': 'stable',
  'softmax.written': 'naive',
  'softmax.no-number':
    'The naive formula gives NaN: its powers overflow to ∞, or all of them underflow to 0, and neither ∞/∞ nor 0/0 is a number. Choose "stable".',
  'softmax.naive': 'ŷ, naive',
  'softmax.safe': 'ŷ, stable',
  'softmax.numbers': 'From logits to probabilities',
  'softmax.log-sum': 'log Σ exp(z): naive {naive}, stable {safe}.',
  'softmax.outcome': 'Most probable: {class}, with {share} %.',
  'softmax.bias': 'A slider of a logit moves the bias of its class, so that o = Wx + b still holds on every page.',
  'softmax.see':
    'The order of the logits is the order of the probabilities, so the most probable class is that of the largest logit.\nIn the triangle, one class is certain at a corner, and all three are equally probable in the middle. The dot reaches an edge by rounding only: no probability is exactly 0.\nThe logits are divided by T, so a small T makes the distances between them larger. As T → 0, the probability of the largest logit tends to 1 and the others to 0 (hardmax). For a large T, all tend to 1/3.\nThe naive formula computes exp(z) as it is written. Choose "naive" and increase c to 720: exp(z) is too large for float64 and overflows to ∞, and ∞/∞ gives NaN (not a number).\nSoftmax does not change if one number is subtracted from all logits. So the stable formula subtracts the maximum m first. Then each exponent is at most 0, the largest power is exp(0) = 1, and the sum lies between 1 and 3: it can neither overflow nor become 0.\nThe loss (page 6) needs log Σ exp(z), log-sum-exp for short. It is computed in the same way, as m + log Σ exp(z − m). On all pages, log is the natural logarithm and log₂ the logarithm to base 2.',
  'softmax.exercise': 'Compute softmax(0, log 2, log 5) without a machine. log is the natural logarithm.',
  'softmax.answer':
    'The powers are 1, 2 and 5, and their sum is 8. The probabilities are 1/8 = 0.125, 2/8 = 0.25 and 5/8 = 0.625. With the sliders: o = (0, 0.7, 1.6) comes close.',
  'regions.title': 'Regions',
  'regions.lede':
    'The first two pixels of a picture are a point in the plane. Softmax regression gives each point of the plane probabilities, and so divides it into one region for each class.',
  'regions.guess':
    'Points of three classes lie in the plane. What shape are the borders between the regions of softmax regression?',
  'regions.guess1': 'always straight',
  'regions.guess2': 'curved around the points',
  'regions.guess3': 'straight or curved, depending on the points',
  'regions.because':
    'On a border two logits are equal: (wⱼ − wₖ)·x + bⱼ − bₖ = 0. This is the equation of a straight line.',
  'regions.clusters': 'Three clusters',
  'regions.xor': 'XOR',
  'regions.picture': 'Plane of x₁ and x₂ with the regions of {classes}, whose borders are straight',
  'regions.points': 'The points',
  'regions.point': '{class}, point {number} of {count}',
  'regions.yours': 'the picture',
  'regions.drag':
    'Drag the points, or choose one with Tab and move it with the arrow keys. Each move fits the classifier again. The small picture is the one of all pages; it is not used for the fit.',
  'regions.verdict': '{right} of {count} points lie in the region of their class. Mean loss: {loss}.',
  'regions.why':
    'XOR: the cats lie in two opposite corners, the dogs in the other two. No straight border separates them. The diagonals of a square have the same middle. There, the difference between the two logits is the mean of its values at the two ends of a diagonal. It would have to be positive because of the cats, and negative because of the dogs.',
  'regions.separated': 'A straight border separates the classes now: the points are no longer an XOR.',
  'regions.borders': 'The borders',
  'regions.between': 'border',
  'regions.equation': 'where two logits are equal',
  'regions.outcome': 'The picture has x₁ = {x} and x₂ = {y}, in the region of {class}. Its label is {truth}.',
  'regions.own':
    'This classifier sees two pixels only, and has weights of its own. So its probabilities for the picture are not those of page 4.',
  'regions.see':
    'The colour shows the class with the largest probability. The larger the probability, the stronger the colour: it is pale near the borders.\nSoftmax keeps the order of the logits, so the class is decided by Wx + b alone. Softmax regression is a linear model, although softmax is not linear.\nFor a point far inside its region, ŷ is close to y. Such a point has almost no effect on the fit, since its gradient is ŷ − y (page 6). Points near the borders and on the wrong side decide where the borders lie.\nOn XOR the mean loss stays close to log 2 = 0.693, the loss of guessing between two classes. With x₁·x₂ as a third feature, or with a hidden layer between the pixels and the logits, the classes can be separated.\nThe fit takes steps against the gradient of all points together (page 8). A small penalty on W keeps the weights finite: without it they would grow without bound if the borders separate all points.',
  'regions.exercise':
    'The logits are o₁ = 2x₁ + x₂ for cat, o₂ = x₂ + 1 for chicken and o₃ = 0 for dog. Where is the border between cat and chicken? Which class does the point (0.25, 0.5) get, and with what probability?',
  'regions.answer':
    'o₁ = o₂ where 2x₁ = 1: the vertical line x₁ = 0.5. At (0.25, 0.5) the logits are (1, 1.5, 0). The largest is that of chicken, with the probability exp(1.5)/(exp(1) + exp(1.5) + exp(0)) = 4.48/8.20 = 0.547.',
  'gradient.title': 'Loss and gradient',
  'gradient.lede':
    'The loss ℓ = −Σ yⱼ log ŷⱼ, the cross-entropy, measures how far the probabilities ŷ are from the target y. Its gradient shows how the loss changes with each logit.',
  'gradient.guess':
    'The picture shows a dog, and the network gives "dog" the probability 0.72. What is the derivative of the loss with respect to the logit of "dog"?',
  'gradient.guess1': '−0.28',
  'gradient.guess2': '0.72',
  'gradient.guess3': '−1/0.72',
  'gradient.because': 'The derivative is ŷ − y: 0.72 − 1 = −0.28. A larger logit of "dog" makes the loss smaller.',
  'gradient.arrow': 'Triangle with the target y = ({y}) and an arrow from it to the probabilities ŷ',
  'gradient.drag': 'Drag y in the triangle, or move its sliders. The arrow from y to ŷ is the gradient ŷ − y.',
  'gradient.one-hot': 'One-hot y',
  'gradient.smooth': 'Smoothed y (ε = 0.1)',
  'gradient.formula': 'The formula to check. Try the wrong ones, too:',
  'gradient.number': 'number',
  'gradient.formula-row': 'formula',
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
    'For a one-hot y the loss is −log ŷ of the class: 0 if that probability is 1, and larger the smaller it is.\nIn terms of the logits, ℓ = −Σ yⱼ log ŷⱼ = log Σ exp(oₖ) − Σ yⱼoⱼ. The derivative of the first term is softmax, that of the second is y.\nThe formula holds for each y whose parts are at least 0 and sum to 1: one-hot, smoothed (0.9 times one-hot, and 0.1/3 more for each class), or any other. If y = ŷ, the gradient is 0.\nThe differences are (ℓ(o + h) − ℓ(o − h))/2h, with one logit moved by h at a time, and by h·|oⱼ| if it lies beyond ±1. They use values of the loss only, so they check the formula independently. A large h has the error of the method, which falls as h². A small h has the error of rounding, which grows as 1/h. Between them, near h = 1e−5, both are small.\nAutograd applies the chain rule to each operation of the loss. It computes in float32, so it agrees to about seven digits.\nThe Hessian holds the second derivatives: ŷⱼ(1 − ŷⱼ) on the diagonal and −ŷⱼŷₖ elsewhere, in short diag(ŷ) − ŷŷᵀ. The diagonal is the variance of the one-hot label under ŷ. If the network is sure, it is near 0, and the loss is almost linear in the logits.',
  'gradient.exercise':
    'ŷ = (0.2, 0.3, 0.5) and y is one-hot for the first class. What are the loss and the gradient? What is the sum of the gradient, and why?',
  'gradient.answer':
    'The loss is −log 0.2 = 1.609. The gradient is (−0.8, 0.3, 0.5). Its sum is 0, as ŷ and y both sum to 1. So the loss does not change if all logits grow alike, as page 4 shows.',
  'bits.title': 'Bits',
  'bits.lede':
    'The class of each picture is sent as a code word of bits, which are 0 or 1. How short can the messages be on average? The entropy answers. The loss of a network is the length of a code made for its probabilities.',
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
    'Not prefix-free: {longer} ({other}) begins with {word} ({class}), so a receiver of {word} does not know which is meant. Kraft’s sum: {kraft}. It is at most 1, so there is a prefix code with words of these lengths.',
  'bits.impossible':
    'Not prefix-free: {longer} ({other}) begins with {word} ({class}), so a receiver of {word} does not know which is meant. Kraft’s sum: {kraft}. It is above 1, so no prefix code has words as short as these.',
  'bits.empty':
    'Not prefix-free: {class} has no bits yet, and every word begins with the empty word. Kraft’s sum: {kraft}.',
  'bits.yours': 'your code',
  'bits.bars':
    'Mean number of bits for one picture. Blue: what is needed, H(P). Orange: what is lost. H(P, Q) is for a code made for Q, the prediction ŷ of the network for the picture.',
  'bits.share': '2^−l',
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
    'In a prefix code, no word is the beginning of another, so a receiver knows where each word ends. In the table of words, a word takes its cell and all cells below it. Two words must not share cells.\nA word of length l takes the share 2^−l of the width. The shares of a prefix code sum to at most 1: Kraft’s inequality. If the shares sum to exactly 1, they are a distribution R, and the mean length is the cross-entropy H(P, R).\nAn event of probability p has the surprisal −log₂ p, the ideal length of its word. The mean of the surprisal is the entropy, H(P) = −Σ P(k) log₂ P(k). No prefix code is shorter on average. A code meets it if every P(k) is 1/2, 1/4, 1/8 and so on.\nAn ideal code for Q has words of the length −log₂ Q(k), which need not be whole. If the classes follow P, it needs H(P, Q) = −Σ P(k) log₂ Q(k) bits on average. The difference to H(P) is D(P ‖ Q), the Kullback–Leibler divergence. It is 0 only if P = Q: press "P = Q".\nThe loss of one flower is its surprisal: near 0 if the model is certain and right, large if it is certain and wrong. The mean over all 150 flowers is 0.1869 bits, the cross-entropy of the model. With log in place of log₂ the unit is the nat: 1 nat = 1/log 2 = 1.443 bits.',
  'bits.exercise':
    'All three classes have the probability 1/3. What is the mean length of the best prefix code, and how far is it from H(P)? How can messages become shorter if two pictures are sent at once?',
  'bits.answer':
    'The best lengths are 1, 2 and 2, with the mean 5/3 = 1.667 bits. H(P) = log₂ 3 = 1.585 bits, so 0.082 bits are lost.\nTwo pictures have 9 equally likely pairs. A prefix code with 7 words of 3 bits and 2 words of 4 bits needs (7 · 3 + 2 · 4)/9 = 3.222 bits for a pair, and 1.611 for a picture. With n pictures at once, less than 1/n bit is lost for each.',
  'train.title': 'Train',
  'train.lede':
    'Training changes the 12 weights and 3 biases step by step. Each step moves them a little against the gradient of the loss. The picture of the other pages is one of 24 training pictures.',
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
    'Each mark is the prediction for one picture, its shape the label: ● cat, ▲ chicken, ■ dog. The ring is around the picture of all pages. In the region at a corner, that class is the most probable.',
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
    'With p = {p}, the product is 0 from {float32} labels on in float32, and from {float64} on in float64. The sum of the logarithms does not underflow.',
  'train.see':
    'A step computes ŷ − y for each picture of the batch. This is the gradient for b; times the pixels it is the gradient for W. The step takes the mean over the batch, and moves W and b by −η times that. Press "Start again", and then "Step" a few times.\nIn an epoch, each picture is used once. A batch of 24 is the gradient of all pictures, and the loss falls smoothly. A small batch is a random estimate of it: more steps for the same work, but the curve is noisy.\nA small learning rate is slow. A large one overshoots: with η = 10, the loss jumps up at first.\nThe weights become pictures: blue where dark pixels speak for a class, orange where they speak against it.\nThe likelihood P(Y|X) is the product of the probabilities of all labels. It is soon too small for the number format and underflows to 0, and then all models look alike. Its logarithm is a sum, and does not. The likelihood is largest where the sum of −log P(y|x) is smallest, and this sum is the loss of all pictures.',
  'train.exercise':
    'W and b are 0, and the batch is only the picture x = (0.1, 0.9, 0.8, 0.2) of a dog. What are the weights and the bias of the dog after one step with η = 0.5? And of the cat?',
  'train.answer':
    'ŷ = (1/3, 1/3, 1/3) and y = (0, 0, 1), so ŷ − y = (1/3, 1/3, −2/3). The bias of the dog becomes 0 + 0.5 · 2/3 = 1/3, and its weights become the picture times 1/3: (0.033, 0.3, 0.267, 0.067).\nThe bias of the cat becomes −1/6, and its weights become the picture times −1/6: (−0.017, −0.15, −0.133, −0.033).',
} as const;
