# %% [markdown]
# # Glossary
#
# The words of this course in English and Chinese, each where it is defined. The last column has names that other books and papers use for the same thing. [Start page](00_start_here.ipynb)

# %% [markdown]
# ## Words
#
# | term | 中文 | what it is | symbol, shape | lesson | elsewhere |
# |---|---|---|---|---|---|
# | **attention** | 注意力 | A weighted average of values whose weights depend on how well a query matches the keys; gates are called attention too. | $y = \sum_j \alpha_j v_j$ | [2 · Better: listen to those who are close](02_kernel_regression.ipynb#Better:-listen-to-those-who-are-close) | |
# | **attention pooling** | 注意力汇聚 | The average of values under attention weights. | (queries, size of a value) | [2 · Recap](02_kernel_regression.ipynb#Recap) | kernel smoothing |
# | **attention weight** | 注意力权重 | How much of one value an output takes; a softmax makes those of one query sum to 1, gates and dot products need not. | $\alpha_i$; all of them $A$, (outputs, values) | [2 · Better: listen to those who are close](02_kernel_regression.ipynb#Better:-listen-to-those-who-are-close) | weight |
# | **average pooling** | 平均池化 | Attention without any cue: every input has the same weight. | weights $1/N$ | [1 · Pooling is attention without a query](01_cues.ipynb#Pooling-is-attention-without-a-query) | mean pooling, GAP over a whole picture |
# | **batch normalisation** | 批量归一化 | Brings each channel to mean 0 and deviation 1 over a batch, then scales and shifts it by learned numbers. | $\gamma$, $\beta$: (C,) | [7 · Load the authors' weights into the listing?](07_cbam.ipynb#Load-the-authors'-weights-into-the-listing?) | BN |
# | **bilateral filter** | 双边滤波 | Nadaraya–Watson on pixels whose key is position and colour: neighbours that look alike get a vote. | key: 5 numbers | [2 · The same formula on a picture](02_kernel_regression.ipynb#The-same-formula-on-a-picture) | |
# | **bottleneck** | 瓶颈 | Two layers in a row with few units between them. | C to C/r to C | [5 · Fewer parameters than what?](05_squeeze_excitation.ipynb#Fewer-parameters-than-what?) | |
# | **branch attention** | 分支注意力 | Weighs parallel branches, such as kernels of different reach: *which*. | (N, branches, C, 1, 1) | [4 · Four basic kinds, two hybrids](04_six_kinds.ipynb#Four-basic-kinds,-two-hybrids) | |
# | **centred cosine** | 中心化余弦 | How alike two keys are in direction, after the mean key of all places is taken off. | $\cos(k_i - \mu,\; k_j - \mu)$ | [9 · Who looks like this place?](09_real_networks.ipynb#Who-looks-like-this-place?) | |
# | **channel & spatial attention** | 通道与空间注意力 | Weighs channels and places, as CBAM does with two gates: *what and where*. | (N, C, H, W) | [4 · Four basic kinds, two hybrids](04_six_kinds.ipynb#Four-basic-kinds,-two-hybrids) | |
# | **channel attention** | 通道注意力 | Weighs the channels of a feature map: *what*. | (N, C, 1, 1) | [4 · Four basic kinds, two hybrids](04_six_kinds.ipynb#Four-basic-kinds,-two-hybrids) | feature recalibration |
# | **class activation map** | 类激活图 | What each place adds to the score of a class, where the read-out is a mean and a linear layer. | (H, W) | [8 · Choose the block, see where it looks](08_capstone.ipynb#Choose-the-block,-see-where-it-looks) | CAM, evidence |
# | **conjunction search** | 联合搜索 | Looking for the one item that has two features, each of which others have too. | weight 1/(N + 2) | [1 · Does the target get lost in the crowd?](01_cues.ipynb#Does-the-target-get-lost-in-the-crowd?) | |
# | **dense** | 稠密 | A table with a weight for every pair of an output and a value: information can move anywhere. | | [4 · The shape of A is the taxonomy](04_six_kinds.ipynb#The-shape-of-A-is-the-taxonomy) | full |
# | **diagonal** | 对角 | A table that is 0 off its diagonal: each output takes of its own value only. | | [4 · The shape of A is the taxonomy](04_six_kinds.ipynb#The-shape-of-A-is-the-taxonomy) | element-wise |
# | **dot product** | 点积 | The pairwise function without a softmax: signed weights over the number of places; they need not sum to 1. | $\theta(x_i) \cdot \phi(x_j) / N$ | [6 · Four ways to match](06_non_local.ipynb#Four-ways-to-match) | linear attention |
# | **embedded Gaussian** | 嵌入高斯 | The pairwise function of learned queries and keys whose rows a softmax makes: self-attention without $1/\sqrt d$. | $e^{\theta(x_i) \cdot \phi(x_j)}$ | [6 · Four ways to match](06_non_local.ipynb#Four-ways-to-match) | self-attention |
# | **excitation** | 激励 | SE's second step: two layers and a sigmoid make a gate for each channel from the squeezed means. | $s$: (N, C) | [5 · Squeeze, excite, scale](05_squeeze_excitation.ipynb#Squeeze,-excite,-scale) | |
# | **feature search** | 特征搜索 | Looking for the one item that has a feature that no other has: it pops out of any crowd. | weight 1/2 | [1 · Does the target get lost in the crowd?](01_cues.ipynb#Does-the-target-get-lost-in-the-crowd?) | pop-out |
# | **gate** | 门控 | A weight of its own for each value, between 0 and 1: it rescales and moves nothing. | $A$ diagonal | [4 · Everything is output = A · values](04_six_kinds.ipynb#Everything-is-output-=-A-·-values) | gating, recalibration |
# | **Gaussian blur** | 高斯模糊 | Nadaraya–Watson on pixels whose key is their position. | key: 2 numbers | [2 · The same formula on a picture](02_kernel_regression.ipynb#The-same-formula-on-a-picture) | Gaussian filter |
# | **Gaussian kernel** | 高斯核 | Closeness that falls like a bell and has no end. | $e^{-u^2/2}$ | [2 · Close, but how close?](02_kernel_regression.ipynb#Close,-but-how-close?) | RBF |
# | **global context** | 全局上下文 | One vector for a whole picture, an average under weights that no query changes; it is added at every place. | $A$ of rank one | [6 · What if the query does not matter?](06_non_local.ipynb#What-if-the-query-does-not-matter?) | GC block |
# | **Grad-CAM** | 梯度加权类激活图 | Channels weighed by the mean gradient of a class and added, what is positive is kept; needs no special read-out. | (H, W) | [7 · Grad-CAM: what the answer depended on](07_cbam.ipynb#Grad-CAM:-what-the-answer-depended-on) | |
# | **heat map** | 热图 | A table of weights drawn in shades: a row for each query, a column for each key. | (queries, keys) | [1 · Weights as a table](01_cues.ipynb#Weights-as-a-table) | attention map |
# | **kernel** | 核函数 | A function that says how close two points are. | $K(u)$, $\kappa(q, k)$ | [2 · Close, but how close?](02_kernel_regression.ipynb#Close,-but-how-close?) | |
# | **key** | 键 | What a thing offers to be found by: the non-volitional cue. | $k_i$: (keys, d) | [1 · Three names](01_cues.ipynb#Three-names) | |
# | **leave one out** | 留一法 | Predict each point from the others: it may not vote on itself. | $-\infty$ on the diagonal | [3 · Leave one out, inside the softmax](03_learned_attention.ipynb#Leave-one-out,-inside-the-softmax) | LOO |
# | **max pooling** | 最大池化 | Attention by saliency only: the largest activation takes all. | weights 0 and one 1 | [1 · Pooling is attention without a query](01_cues.ipynb#Pooling-is-attention-without-a-query) | |
# | **mixture** | 混合 | Each output is an average of several values: information moves. | $A$ dense | [4 · Everything is output = A · values](04_six_kinds.ipynb#Everything-is-output-=-A-·-values) | mixing, aggregation |
# | **multiply-adds** | 乘加运算 | Products of a network, each counted together with its sum; papers print them as "FLOPs". | | [5 · FLOPs are not time](05_squeeze_excitation.ipynb#FLOPs-are-not-time) | MACs, FLOPs |
# | **Nadaraya–Watson kernel regression** | 核回归 | Predicts by the average of all values, weighted by how close their keys are to the query. | $f(x) = \sum_i \alpha_i y_i$ | [2 · Better: listen to those who are close](02_kernel_regression.ipynb#Better:-listen-to-those-who-are-close) | Nadaraya–Watson, kernel smoother |
# | **nearest neighbour** | 最近邻 | The key closest to a query; at a small width it takes all the weight. | $\sigma \to 0$ | [2 · The two ends of the slider](02_kernel_regression.ipynb#The-two-ends-of-the-slider) | |
# | **Non-local block** | 非局部模块 | Every place takes an average over all places under learned keys and queries, and adds it to itself. | $A$: (N, HW, HW) | [6 · From patches to learned keys](06_non_local.ipynb#From-patches-to-learned-keys) | self-attention layer |
# | **non-local means** | 非局部均值 | Nadaraya–Watson on pixels whose key is the patch around them. | $A$: (pixels, pixels) | [6 · Three filters, one equation](06_non_local.ipynb#Three-filters,-one-equation) | NLM |
# | **non-volitional cue** | 不随意线索 | What draws attention by standing out, whatever is wanted. | | [1 · Two cues](01_cues.ipynb#Two-cues) | exogenous, bottom-up |
# | **normaliser** | 归一化因子 | What weights are divided by: their sum, their number, or nothing. | $Z$, $\mathcal{C}_i(x)$ | [6 · Four ways to match](06_non_local.ipynb#Four-ways-to-match) | partition function |
# | **one-hot** | 独热 | A row of weights that are 0 but for a single 1. | | [4 · The shape of A is the taxonomy](04_six_kinds.ipynb#The-shape-of-A-is-the-taxonomy) | hard attention |
# | **pairwise function** | 成对函数 | How the Non-local block matches a query with a key; there are four. | $f(x_i, x_j)$ | [6 · Four ways to match](06_non_local.ipynb#Four-ways-to-match) | similarity, score function |
# | **pairwise part** | 成对项 | The part of a dot product that needs the query. | $(q_i - \mu_q) \cdot (k_j - \mu_k)$ | [6 · Volitional plus non-volitional: lesson 1 returns](06_non_local.ipynb#Volitional-plus-non-volitional:-lesson-1-returns) | |
# | **patch** | 图像块 | A small square of pixels around one of them. | 7 × 7 pixels | [6 · Three filters, one equation](06_non_local.ipynb#Three-filters,-one-equation) | |
# | **place** | 位置 | One of the H × W positions of a feature map. | | [4 · One block, five axes](04_six_kinds.ipynb#One-block,-five-axes) | position, pixel of a feature map |
# | **PRESS** | 预测残差平方和 | The sum of the squared leave-one-out errors, all of them from one table of weights. | $\sum_k \big((y_k - f(x_k))/(1 - S_{kk})\big)^2$ | [3 · PRESS: all the refits for free](03_learned_attention.ipynb#PRESS:-all-the-refits-for-free) | |
# | **query** | 查询 | What is looked for: the volitional cue. | $q$: (queries, d) | [1 · Three names](01_cues.ipynb#Three-names) | |
# | **rank one** | 秩一 | A table of weights whose rows are all alike: every place gets the same answer. | | [4 · The shape of A is the taxonomy](04_six_kinds.ipynb#The-shape-of-A-is-the-taxonomy) | query-independent |
# | **ratio** | 缩减率 | How many times fewer units than channels the bottleneck of a channel gate has. | $r$ | [5 · Squeeze, excite, scale](05_squeeze_excitation.ipynb#Squeeze,-excite,-scale) | reduction ratio |
# | **reach** | 感受野 | How much of the input one output can see. | pixels × pixels | [4 · What the taking apart saves](04_six_kinds.ipynb#What-the-taking-apart-saves) | receptive field |
# | **residual branch** | 残差分支 | The part of a unit that is added to its shortcut; gates stand at its end. | | [7 · Two half-open gates in every block](07_cbam.ipynb#Two-half-open-gates-in-every-block) | |
# | **saliency** | 显著性 | How much a thing stands out by itself. | a part of the key | [1 · Two cues](01_cues.ipynb#Two-cues) | salience |
# | **score** | 得分 | How well a query matches a key, before the softmax. | $q \cdot k_i$ | [1 · From two cues to one number, from numbers to weights](01_cues.ipynb#From-two-cues-to-one-number,-from-numbers-to-weights) | logit, energy |
# | **selective kernel** | 选择性卷积核 | Branch attention by a softmax over kernels of different reach, in each channel. | (N, branches, C, 1, 1) | [4 · Make it attention: the selective kernel](04_six_kinds.ipynb#Make-it-attention:-the-selective-kernel) | SK |
# | **self-vote** | 自身权重 | The weight of a point on itself, where it is among its own keys. | the diagonal of $A$ | [3 · PRESS: all the refits for free](03_learned_attention.ipynb#PRESS:-all-the-refits-for-free) | own weight, own vote, self-weight |
# | **sigmoid** | S 型函数 | Maps a number to between 0 and 1: the end of every gate. | $\sigma(t) = 1/(1 + e^{-t})$ | [5 · Why not a softmax?](05_squeeze_excitation.ipynb#Why-not-a-softmax?) | logistic function |
# | **slot** | 插槽 | The place in a network into which one block or another is put. | | [5 · A test that channel attention must pass](05_squeeze_excitation.ipynb#A-test-that-channel-attention-must-pass) | |
# | **soft pooling** | 软池化 | Pooling with the weights $\operatorname{softmax}(\beta x)$: from average to max by one knob. | $\beta$ | [1 · One knob between average and max](01_cues.ipynb#One-knob-between-average-and-max) | |
# | **softmax** | softmax 函数 | Exponentials over their sum: positive weights that sum to 1 and compete. | one weight for each score | [1 · From two cues to one number, from numbers to weights](01_cues.ipynb#From-two-cues-to-one-number,-from-numbers-to-weights) | |
# | **spatial & temporal attention** | 空间与时间注意力 | Weighs the places of all frames of a clip: *where and when*. | (N, THW, THW) | [4 · Where and when: one block for both](04_six_kinds.ipynb#Where-and-when:-one-block-for-both) | spacetime attention |
# | **spatial attention** | 空间注意力 | Weighs the places of a feature map, as a gate or as a mixture: *where*. | (N, 1, H, W) or (N, HW, HW) | [4 · Four basic kinds, two hybrids](04_six_kinds.ipynb#Four-basic-kinds,-two-hybrids) | |
# | **squeeze** | 压缩 | SE's first step: the mean of each channel over all places. | $z$: (N, C) | [5 · Squeeze, excite, scale](05_squeeze_excitation.ipynb#Squeeze,-excite,-scale) | global average pooling |
# | **squeeze and excitation** | 压缩与激励 | Channel attention by squeeze, excitation and scale. | (N, C, 1, 1) | [5 · Squeeze, excite, scale](05_squeeze_excitation.ipynb#Squeeze,-excite,-scale) | SE, SENet |
# | **stage** | 阶段 | Blocks in a row whose maps have one shape; the network of lesson 9 has seven stages. | | [9 · Seven stages](09_real_networks.ipynb#Seven-stages) | |
# | **standard error** | 标准误 | How far a mean of few runs may be off: their standard deviation over the root of their number. | $s / \sqrt{n}$ | [4 · When is a difference a finding?](04_six_kinds.ipynb#When-is-a-difference-a-finding?) | |
# | **start as the identity** | 零初始化 | One factor at the end of a block starts at 0, so that the network is unchanged at first; with two the block is dead. | $W_z = 0$ or $\gamma = 0$ | [6 · Do no harm: start as the identity](06_non_local.ipynb#Do-no-harm:-start-as-the-identity) | zero initialisation |
# | **subsampling** | 下采样 | Keys and values are taken from a smaller map; every place still asks. | (N, HW, HW/4) | [6 · The block](06_non_local.ipynb#The-block) | |
# | **surprise** | 惊奇度 | Saliency as the negative logarithm of how many items share a feature: what few have stands out. | $-\log(\text{share})$ | [1 · Saliency as surprise, by hand](01_cues.ipynb#Saliency-as-surprise,-by-hand) | self-information |
# | **temporal attention** | 时间注意力 | Weighs the frames of a clip: *when*. | (N, T) | [4 · Four basic kinds, two hybrids](04_six_kinds.ipynb#Four-basic-kinds,-two-hybrids) | |
# | **test error** | 测试误差 | The mean squared distance from what was not used to fit: here, the true curve. | | [2 · How wide should we look?](02_kernel_regression.ipynb#How-wide-should-we-look?) | |
# | **unary part** | 一元项 | The part of a dot product that is the same for every query: the key stands out. | $\mu_q \cdot k_j$ | [6 · Volitional plus non-volitional: lesson 1 returns](06_non_local.ipynb#Volitional-plus-non-volitional:-lesson-1-returns) | |
# | **uniform** | 均匀 | A table whose weights are all equal: the plain average. | | [4 · The shape of A is the taxonomy](04_six_kinds.ipynb#The-shape-of-A-is-the-taxonomy) | |
# | **value** | 值 | What gets through if one looks: the sensory input. It is no cue. | $v_i$: (keys, size of a value) | [1 · Three names](01_cues.ipynb#Three-names) | |
# | **volitional cue** | 随意线索 | What one wants: attention by one's own will (*suíyì* as in voluntary muscle, not "random"). | | [1 · Two cues](01_cues.ipynb#Two-cues) | endogenous, top-down, intent |
# | **vote** | 有效票数 | One over the sum of the squared weights of a row: it is as if so many places had equal weights. | $1 / \sum_j \alpha_{ij}^2$ | [9 · Who looks like this place?](09_real_networks.ipynb#Who-looks-like-this-place?) | effective number |
# | **width** | 带宽 | The distance at which a kernel has fallen off: it says how close is close. | $\sigma = 1/w$, in units of the key | [2 · Close, but how close?](02_kernel_regression.ipynb#Close,-but-how-close?) | bandwidth, temperature for dot products |

# %% [markdown]
# ## Notation
#
# In the figures queries are orange, keys blue, values green and weights purple; other colours mean something else, which their legend says. Some letters follow the papers and have a second meaning; the rows say where.
#
# | symbol | means | in lessons |
# |---|---|---|
# | $q$, $k_i$, $v_i$ | query, key, value | all |
# | $\alpha_i$ | the weights of one query; they sum to 1 | 1 to 3 |
# | $A$ | the table of weights: a row for each output, a column for each value ($S$ in lesson 3, own points included) | all |
# | $f(x)$ | a prediction; in lesson 6 $f(x_i, x_j)$ is the pairwise function, in lesson 7 $f$ a filter, as in the papers | 2, 3 |
# | $K$, $\kappa$ | a kernel | 2 |
# | $\sigma$ | a width, of a kernel or of noise | 2, 3, 6 |
# | $\sigma(\cdot)$ | the sigmoid, always with an argument | 4, 5, 7 |
# | $w$ | one over the width, $w = 1/\sigma$; with an index, or beside vectors, a vector of weights | 3; 6 |
# | $h$ | the width of non-local means, $h = \sqrt{2}\,\sigma$ | 6, 9 |
# | $\beta$ | the strength of saliency in soft pooling, where $\beta = w^2$; in lesson 6 also the bias of a normalisation | 1, 3 |
# | $a$, $b$ | strengths of saliency and intent; in lesson 6 $a_i + b_j$ are the two halves of a concatenation | 1 |
# | $d$ | a distance; in $\sqrt{d}$ the size of a key | 2, 3, 6 |
# | $N$, $C$, $T$, $H$, $W$ | in shapes: pictures or clips, channels, frames, height, width | 4 to 7 |
# | $N$ | in formulas: how many inputs, items or places there are | 1, 6 |
# | $m$, $n$ | how many queries, how many keys | 2, 3 |
# | $i$, $j$ | who asks, who is asked; in lessons 1 to 3 one query asks and $i$ runs over the keys | all |
# | $c$, $b$, $t$ | a channel, a branch, a frame | 4, 5 |
# | $r$ | the ratio of a bottleneck | 5, 7 |
# | $s$ | the gates of SE; in lesson 9 what scores are multiplied by | 5, 9 |
# | $\mu$ | the mean of the keys, or of the queries | 6, 9 |
# | $z$ | the squeezed means; in lesson 6 $z_i$ is the block's output, as in the paper | 4, 5 |
# | $W_1$, $W_2$ | the two layers of SE; CBAM's paper counts $W_0$, $W_1$ | 5, 7 |
# | $\theta$, $\phi$, $g$, $W_z$ | the learned linear maps of the Non-local block | 6 |
# | $Z$, $\mathcal{C}_i(x)$ | a normaliser | 6 |
# | $\gamma$ | the scale of a normalisation | 6 |
# | $F$, $F'$, $F''$ | a feature map before, between and after CBAM's gates $M_c$, $M_s$ | 7 |
