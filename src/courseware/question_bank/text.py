"""Questions as plain text: first the sheet, then the answers with their explanations, to print or to paste."""

from collections.abc import Sequence

from courseware.language import words
from courseware.question_bank.read import Bank

__all__ = ["as_text"]


def as_text(title: str, banks: Sequence[Bank]) -> str:
    """Questions and mistakes of all `banks` under the course's `title`, numbered through; behind them the answers."""
    asked, answered = [title], [words("Answers")]
    number = 0
    for bank in banks:
        asked += ["", bank.title]
        answered += ["", bank.title]
        for question in bank.questions:
            number += 1
            asked += ["", f"{number}. {question.text}", *(f"   {line}" for line in question.lines)]
            answered += ["", f"{number}. {question.text}"]
            for line, (letter, explanation) in zip(question.lines, question.explanations.items(), strict=True):
                mark = "✓" if letter == question.right else " "
                answered += [f" {mark} {line}", f"       {explanation}"]
        for mistake in bank.mistakes:
            number += 1
            asked += ["", f"{number}. {mistake.question}"]
            answered += ["", f"{number}. {mistake.question}", f"   {mistake.feedback}"]
    return "\n".join([*asked, "", "\f", *answered, ""])  # a printer begins a new sheet at the form feed
