"""Write the answers down anew, for a change that is meant to change them: review the difference."""

from tests.answers.fixtures import STORED, answers

for name, answer in answers():
    (STORED / f"{name}.json").write_text(answer, encoding="utf-8")
