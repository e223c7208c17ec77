# %% [markdown]
# # Concept test, form B
#
# Twelve questions, in the order of form A and on the same ideas, with other numbers and other words. `courseware quiz --test b --to text` writes the sheet.

# %%
from courseware.notebook.quiz import Question, Quiz

Quiz(
    Question(
        "The maximum of 2, 0, 5 and 1 is a weighted sum of the four. What are its weights?",
        {
            "There are none: a maximum is no sum.": "0 · 2 + 0 · 0 + 1 · 5 + 0 · 1 is one, and it is 5.",
            "0, 0, 1, 0": "The largest number takes all of it.",
            "¼, 0, ⅝, ⅛": "These are the numbers over their sum. They would give 3.75 and not 5.",
        },
        right="b",
    ),
    Question(
        "Three things have the weights 0.1, 0.2 and 0.7, and the values 7, 2 and 0. Which contributes most to the weighted sum?",
        {
            "the first": "0.1 · 7 = 0.7: what arrives is weight times value.",
            "the second": "0.2 · 2 = 0.4 is less than 0.1 · 7.",
            "the third": "It has the largest weight, and 0.7 · 0 is nothing.",
        },
        right="a",
    ),
    Question(
        "Weights are the values of a kernel, each divided by their sum. Somebody triples the kernel. What becomes of the weights?",
        {
            "Each is three times as large.": "They would no longer sum to 1.",
            "The largest one grows.": "For that the ratios between the kernel's values have to change.",
            "They stay as they are.": "The 3 stands above the fraction line and below it, and cancels.",
        },
        right="c",
    ),
    Question(
        "Attention with a Gaussian kernel of width 1 has its keys between −1 and 1. What is its answer for a query at −500, close to?",
        {
            "the value of the key nearest to −500": "Its score leads the others by far, and the softmax sees only how far.",
            "nothing, that is 0": "The weights sum to 1 for every query, however far it is.",
            "the average of all values": "That would need equal scores. Out there the scores differ by hundreds.",
        },
        right="a",
    ),
    Question(
        "Each house gets a price: a weighted average over all houses that were sold, its own sale included. Which width of the weights makes the error on these sales smallest?",
        {
            "one that suits houses yet to be sold": "To find that one, a house must not vote on itself.",
            "a tiny one": "Each house then repeats its own price, and the error goes to 0.",
            "a huge one": "Then every price is the mean of all, which is far from most of them.",
        },
        right="b",
    ),
    Question(
        "A fully connected layer has been trained on many pictures. Now it is shown two new ones. For which of its weights do the two differ?",
        {
            "For all of them.": "Each picture gets another result, out of the same weights.",
            "For those at places where the two pictures differ.": "There the inputs differ, and the weights that they are multiplied by do not.",
            "For none of them.": "Its weights are the same for every picture. Attention makes its weights from the picture at hand.",
        },
        right="c",
    ),
    Question(
        "Two places hold 6 and 2. What can put a 5 at the second place?",
        {
            "A row of weights with the sum 1.": "¾ · 6 + ¼ · 2 = 5: an average moves values between places.",
            "A gate between 0 and 1 for each place.": "A gate makes the 2 smaller, and brings nothing from the other place.",
            "Either of the two.": "They differ in just this. A gate cannot make a 2 larger.",
        },
        right="a",
    ),
    Question(
        "In a squeeze-and-excitation block, with a sigmoid for each gate, the gate of one channel is raised from 0.2 to 0.9. What must the other gates do?",
        {
            "Fall, since all gates share one unit.": "So it would be with a softmax.",
            "Rise in the same proportion.": "No factor is common to them: each has a score of its own.",
            "Nothing: they may stay as they are.": "Each is a sigmoid of its own, and there is no sum to keep.",
        },
        right="c",
    ),
    Question(
        "CBAM (reduction 16) is put into each block of ResNet-50. What becomes of the number of weights of the network?",
        {
            "It stays, for a gate only rescales a map.": "The gates come out of layers, which have weights.",
            "It grows by about a tenth, all in small layers.": "Nearly all of it, 2.5 million on top of 25.6 million, is in the channel gates.",
            "It falls, for unimportant channels are left out.": "They are made smaller when a picture is shown. No weight is taken away.",
        },
        right="b",
    ),
    Question(
        "A feature map is mirrored, left for right, before it enters a Non-local block that knows no positions and skips no places. What comes out?",
        {
            "The same as before.": "So it would be for one mean over all places. Here each place has an output of its own.",
            "Something else, since left and right are exchanged.": "It knows no left and no right: each place looks at all others alike.",
            "What came out before, mirrored.": "Each place is compared by what it holds, not by where it is.",
        },
        right="c",
    ),
    Question(
        "A Non-local block is moved to a map with a quarter of the places and as many channels. How many weights that are learned does it need?",
        {
            "as many as before": "They turn channels into queries, keys and values, the same at each place.",
            "a quarter": "There are fewer places, and all share the same layers.",
            "a sixteenth": "So does the table of attention shrink. It is computed anew for each picture, and not learned.",
        },
        right="a",
    ),
    Question(
        "A paper prints in bold that its block is better by 0.15 points than another: 50,000 test pictures, about 22 % wrong with either, one training each. What follows?",
        {
            "Its block is better than the other.": "One standard error of either number is 0.19 points, and another seed moves them too.",
            "Not yet which of the two is the better one.": "Other pictures or another seed could turn it round. Several seeds, compared in pairs, could tell.",
            "It makes no difference which of them is used.": "That was not shown either: a difference that cannot be seen is not 0.",
        },
        right="b",
    ),
)
