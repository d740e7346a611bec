/** Three questions of rising difficulty, with their answers: the kind the shipped family solves. */
export const examples = [
    {
        name: "Easy",
        question: "Jack has 47 stickers. Jack buys 6 bags of 6 stickers. How many stickers does "
            + "Jack have now?",
        answer: "83",
    },
    {
        name: "Medium",
        question: "Ines starts with 27 coins. A friend gives her 40 coins. Then the number of "
            + "coins doubles. Then she gets 32 new coins. What is the number of coins that Ines "
            + "has now?",
        answer: "166",
    },
    {
        name: "Hard",
        question: "Sara has 36 cookies. Sara gives half of her cookies to a neighbour. Then she "
            + "gets 34 new cookies. She collects until she has three times as many cookies. Sara "
            + "finds 6 bags with 4 cookies in each. Sara loses 35 cookies. Then the number of "
            + "cookies doubles. Then she gets 220 new cookies. How many cookies does Sara have "
            + "in the end?",
        answer: "510",
    },
];

/** The known answer of a question, or null. */
export function knownAnswer(question) {
    const found = examples.find((example) => example.question === question.trim());
    return found ? found.answer : null;
}

/** Whether an answer's last box holds what is known; null where nothing is known. */
export function isRight(answer, known) {
    if (known === null) return null;
    const boxes = [...answer.matchAll(/\\boxed\{([^{}]*)\}/g)];
    if (boxes.length === 0) return false;
    return boxes.at(-1)[1].replace(/[,\s$]/g, "") === known;
}
