# %% [markdown]
# # Concept test, form A
#
# Twelve questions, one for each misconception that the lessons are written against; form B asks the same with other numbers and other words. `courseware quiz --test a --to text` writes the sheet. What a result can and cannot say is in `docs/questions.md`.

# %%
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "The average of 1, 3, 2 and 0 is a weighted sum of the four. What are its weights?",
        {
            "¼, ¼, ¼, ¼": "Each counts the same: ¼ · 1 + ¼ · 3 + ¼ · 2 + ¼ · 0 = 1.5.",
            "⅙, ½, ⅓, 0": "These are the numbers over their sum. They would give 2.33 and not 1.5.",
            "There are none: an average has no weights.": "It has, and they are equal. That makes it the simplest attention.",
        },
        right="a",
    ),
    Question(
        "Three things have the weights 0.6, 0.3 and 0.1, and the values 0, 2 and 9. Which contributes most to the weighted sum?",
        {
            "the first": "It has the largest weight, and 0.6 · 0 is nothing.",
            "the second": "0.3 · 2 = 0.6 is less than 0.1 · 9.",
            "the third": "0.1 · 9 = 0.9: what arrives is weight times value.",
        },
        right="c",
    ),
    Question(
        "Weights are a softmax of scores. Somebody adds 5 to every score. What becomes of the weights?",
        {
            "All of them grow alike.": "They would no longer sum to 1.",
            "They stay as they are.": "Each exponential is multiplied by the same number, which cancels in the fraction.",
            "The largest one grows.": "For that the scores have to move apart, as by a factor.",
        },
        right="b",
    ),
    Question(
        "A Gaussian kernel of width 1 weighs five points between 0 and 5, and the weights are divided by their sum. What is the prediction at 1000, close to?",
        {
            "0": "The kernel's values are tiny there, but they are divided by their tiny sum.",
            "the mean of all five values": "That would need equal weights. The ratios between them are enormous out there.",
            "the value of the point nearest to 1000": "Its kernel is tiny, the others are tinier by far, and only the ratios count.",
        },
        right="c",
    ),
    Question(
        "A curve is predicted at each of its noisy points by a weighted average over all points, itself included. The width of the weights is trained on the error at these points. Where does it go?",
        {
            "To the width that fits the curve behind the noise.": "That takes points that do not vote on themselves.",
            "Towards 0, without end.": "The narrower, the more each point repeats its own value, noise and all: the error goes to 0.",
            "Upwards, without end.": "Averages remove noise, but then every prediction is the mean, which is far from most points.",
        },
        right="b",
    ),
    Question(
        "A convolution has been trained on many pictures. Which of its weights depend on the picture that it is shown now?",
        {
            "None of them.": "They are the same for every picture. Attention makes its weights from the picture at hand.",
            "All of them, since they were learned from pictures.": "From those of the training. After it they stay.",
            "Some of them.": "Those over the object? The same filter goes over all places, whatever is there.",
        },
        right="a",
    ),
    Question(
        "Two places hold 4 and 10. What can put a 7 at the first place?",
        {
            "A gate between 0 and 1 for each place.": "A gate makes the 4 smaller, and brings nothing from the other place.",
            "A row of weights with the sum 1.": "½ · 4 + ½ · 10 = 7: an average moves values between places.",
            "Either of the two.": "They differ in just this. A gate cannot make a 4 larger.",
        },
        right="b",
    ),
    Question(
        "A squeeze-and-excitation block gives four channels a gate each, by sigmoids. What do the four gates sum to?",
        {
            "1": "So would a softmax. Each sigmoid stands for itself.",
            "4": "Only if all were fully open.",
            "That depends: to something between 0 and 4.": "Each gate lies between 0 and 1, whatever the others do.",
        },
        right="c",
    ),
    Question(
        "A squeeze-and-excitation block (reduction 16) is put into each block of ResNet-50. What becomes of the number of weights of the network?",
        {
            "It grows by about a tenth, in two layers a block.": "They are small: 2.5 million, on top of 25.6 million.",
            "It falls, for the block squeezes the channels.": "What is squeezed is a vector of channel means. No weight is taken away.",
            "It stays, for the block only rescales channels.": "The factors come out of two layers, which have weights.",
        },
        right="a",
    ),
    Question(
        "The places of a feature map are shuffled before they enter a Non-local block that knows no positions and skips no places. What comes out?",
        {
            "The same as before.": "So it would be for one mean over all places. Here each place has an output of its own.",
            "What came out before, shuffled in the same way.": "Each place is compared by what it holds, not by where it is.",
            "Something else, since the neighbours have changed.": "It has no neighbours: each place looks at all others alike.",
        },
        right="b",
    ),
    Question(
        "A Non-local block is used on a map that is twice as high and twice as wide. How many weights that are learned does it need?",
        {
            "the same number as before": "They turn channels into queries, keys and values, the same at each place.",
            "four times as many": "There are four times as many places, and all share the same layers.",
            "sixteen times as many": "So many numbers has the table of attention. It is computed anew for each picture, and not learned.",
        },
        right="a",
    ),
    Question(
        "Two networks were trained once each. On 50,000 test pictures, of which each gets about 23 % wrong, one is better by 0.1 points. What does that say?",
        {
            "The better one is better, as the number says.": "One standard error of either number is 0.19 points, and another seed moves them too.",
            "The two are equally good.": "A difference that cannot be seen is not shown to be 0.",
            "Too little to tell them apart.": "It is within what other pictures or another seed would do. Several seeds, compared in pairs, could tell.",
        },
        right="c",
    ),
)
