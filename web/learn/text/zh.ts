// web: the text of the chapter in Simplified Chinese.
import type { en } from './en.js';

export const zh: Readonly<Record<keyof typeof en, string>> = {
  site: '可以动手的 softmax 回归',
  'index.lede':
    '教科书的这一章，做成几个小页面。一张 2 × 2 像素的图片（猫、鸡或狗）贯穿始终；您在一页上改动的内容，到下一页仍然保留。',
  skip: '跳到正文',
  pages: '本章页面',
  language: '语言',
  'training-page': '用自己的数据训练模型',
  next: '下一页：{page}',
  previous: '上一页：{page}',
  ignored: '链接中有本页无法使用的值（{names}），已改用默认值。',
  guess: '先猜一猜。',
  'guess.right': '对。',
  'guess.wrong': '不对。',
  touch: '动手试试',
  see: '看到了什么',
  code: '实际运行的代码',
  'code.hint': '本页的数字就是由这几行代码以 float64 计算的。',
  exercise: '练习',
  answer: '答案',
  sources: '延伸阅读',
  formula: '公式',
  cat: '猫',
  chicken: '鸡',
  dog: '狗',
  pixels: '2 × 2 像素的图片，从 0（浅）到 1（深）：{values}',
  'network.title': '网络',
  'network.lede':
    '2 × 2 像素的图片就是四个数。网络把它们变成三个分数，每个类别一个。这些分数叫作未规范化的预测（logit）。',
  'network.guess': '四个像素，三个类别，每个类别都与每个像素相连。网络需要学习多少个数？',
  'network.guess1': '7',
  'network.guess2': '12',
  'network.guess3': '15',
  'network.because': '每个类别对 4 个像素各有一个权重，另有自己的一个偏置：3 · 4 = 12 个权重，加 3 个偏置。',
  'network.weight': '{name}：从 {pixel} 到{class}的权重',
  'network.bias': '{name}：{class}的偏置',
  'network.colours':
    '把指针移到一条边上，或按下方的一项，即可选中它。蓝色的边使 logit 增大，橙色的边使它减小，粗细表示多少。',
  'network.count': '12 个权重 + 3 个偏置 = 15 条边。',
  'network.outcome': 'logit 最大的是{class}。图片上是：{truth}。',
  'network.see':
    '右边每个圆把五项相加：每个像素乘以它的权重，再加偏置。偏置是从常数 1 出发的边。\n每个输出都依赖于每个输入，所以这一层叫作全连接层。把所有类别写在一起：o = Wx + b，其中 W 有 3 行 4 列。\n值为 0 的像素，其权重不起作用：把 x₁ 设为 0，它的三条边就变成灰色。\nlogit 可正可负，总和也不定，所以还不是概率。第 4 页把它们变成概率。',
  'network.exercise': '一张图片有 28 × 28 个像素，共有 10 个类别。网络有多少个权重和偏置？',
  'network.answer':
    '28 · 28 = 784 个像素。10 个类别各有 784 个权重和 1 个偏置：7,840 个权重 + 10 个偏置 = 7,850 个数。',
};
