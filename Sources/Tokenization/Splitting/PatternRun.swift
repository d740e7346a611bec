/// A pattern at work on one text.
struct PatternRun {
    let pattern: Pattern
    let lower: Int
    let end: Int

    /// Names a place in the program and one in the text; the highest bit is free.
    private static func key(_ instruction: Int, _ place: Int) -> UInt64 {
        UInt64(instruction) << 40 | UInt64(place)
    }

    /// Where a match of the program that starts at `start` ends, -1 when there is none.
    func match(
        _ text: Span<UInt8>, _ classes: Span<UInt8>, _ start: Int, _ place: Int,
        _ memory: inout Pattern.Memory
    ) -> Int {
        let base = memory.choices.count
        var instruction = start
        var place = place
        while true {
            var fails = false
            switch pattern.program[instruction] {
            case .accept:
                memory.choices.removeLast(memory.choices.count - base)
                return place
            case .set(let set):
                let length = place < end ? pattern.sets[set].match(text, place, classes) : 0
                place += length
                instruction += 1
                fails = length == 0
            case .jump(let target):
                instruction = target
            case .split(let first, let second):
                memory.steps += 1
                if memory.steps > memory.stepLimit { memory.remembers = true }
                if memory.remembers,
                    !memory.tried.insert(Self.key(instruction, place) | 1 << 63).inserted
                {
                    fails = true
                    break
                }
                memory.choices.append(
                    Pattern.Memory.Choice(instruction: second, place: place, bound: -1, origin: 0))
                instruction = first
            case .loop(let set, let minimum, let maximum, let mode):
                let next = loop(
                    text, classes, instruction, set, minimum, maximum, mode, place, &memory)
                fails = next < 0
                place = next
                instruction += 1
            case .look(let body, let negative):
                fails = (apart(text, classes, body, place, &memory) >= 0) == negative
                instruction += 1
            case .lookBehind(let bodies, let negative):
                fails = endsHere(text, classes, bodies, place, &memory) == negative
                instruction += 1
            case .atomic(let body):
                place = apart(text, classes, body, place, &memory)
                fails = place < 0
                instruction += 1
            case .assertion(let assertion):
                fails = !holds(text, classes, assertion, place)
                instruction += 1
            }
            if fails {
                guard let next = resume(text, classes, base, &memory) else { return -1 }
                (instruction, place) = next
            }
        }
    }

    /// Takes what a loop over one class takes at first; -1 when it fails.
    private func loop(
        _ text: Span<UInt8>, _ classes: Span<UInt8>, _ instruction: Int, _ set: Int, _ minimum: Int,
        _ maximum: Int,
        _ mode: PatternNode.Mode, _ start: Int, _ memory: inout Pattern.Memory
    ) -> Int {
        let set = pattern.sets[set]
        var place = start
        var count = 0
        while count < minimum {
            let length = place < end ? set.match(text, place, classes) : 0
            if length == 0 { return -1 }
            place += length
            count += 1
        }
        if mode == .lazy {
            if count < maximum {
                memory.choices.append(
                    Pattern.Memory.Choice(
                        instruction: instruction, place: place, bound: maximum - count, origin: 0))
            }
            return place
        }
        if maximum == .max, mode == .greedy, memory.failed[instruction].contains(place) {
            return -1
        }
        let origin = place
        while count < maximum, place < end {
            let length = set.match(text, place, classes)
            if length == 0 { break }
            place += length
            count += 1
        }
        memory.steps += place - start
        if mode == .greedy, place > origin || maximum == .max {
            memory.choices.append(
                Pattern.Memory.Choice(
                    instruction: instruction, place: place, bound: origin, origin: place))
        }
        return place
    }

    /// Where to go on after a failure; `nil` when this program has no choice left.
    private func resume(
        _ text: Span<UInt8>, _ classes: Span<UInt8>, _ base: Int, _ memory: inout Pattern.Memory
    ) -> (instruction: Int, place: Int)? {
        while memory.choices.count > base {
            let last = memory.choices.count - 1
            let choice = memory.choices[last]
            memory.steps += 1
            if memory.steps > memory.stepLimit { memory.remembers = true }
            var target = (instruction: choice.instruction, place: choice.place)
            if case .loop(let set, _, let maximum, let mode) = pattern.program[choice.instruction],
                choice.bound >= 0
            {
                if mode == .lazy {
                    let length =
                        choice.place < end
                        ? pattern.sets[set].match(text, choice.place, classes) : 0
                    guard length > 0, choice.bound > 0 else {
                        memory.choices.removeLast()
                        continue
                    }
                    memory.choices[last].place += length
                    memory.choices[last].bound -= 1
                    if memory.choices[last].bound == 0 { memory.choices.removeLast() }
                    target.place += length
                } else {
                    guard choice.place > choice.bound else {
                        memory.choices.removeLast()
                        if maximum == .max {
                            memory.failed[choice.instruction] = choice.bound..<choice.origin + 1
                        }
                        continue
                    }
                    target.place = previousScalar(text, choice.place)
                    memory.choices[last].place = target.place
                }
                target.instruction += 1
            } else {
                memory.choices.removeLast()
            }
            if memory.remembers {
                let key = Self.key(target.instruction, target.place)
                guard memory.tried.insert(key).inserted else { continue }
            }
            return target
        }
        return nil
    }

    /// Runs a program inside another.
    ///
    /// It may succeed and be run again at the same place, so what it tries is not remembered
    /// beyond it.
    private func apart(
        _ text: Span<UInt8>, _ classes: Span<UInt8>, _ program: Int, _ place: Int,
        _ memory: inout Pattern.Memory
    ) -> Int {
        var tried: Set<UInt64> = []
        swap(&tried, &memory.tried)
        let result = match(text, classes, program, place, &memory)
        swap(&tried, &memory.tried)
        return result
    }

    private func endsHere(
        _ text: Span<UInt8>, _ classes: Span<UInt8>, _ bodies: [(program: Int, length: Int)],
        _ place: Int, _ memory: inout Pattern.Memory
    ) -> Bool {
        for body in bodies {
            var start = place
            var missing = body.length
            while missing > 0, start > lower {
                start = previousScalar(text, start)
                missing -= 1
            }
            if missing == 0, apart(text, classes, body.program, start, &memory) == place {
                return true
            }
        }
        return false
    }

    private func holds(
        _ text: Span<UInt8>, _ classes: Span<UInt8>, _ assertion: PatternNode.Assertion,
        _ place: Int
    ) -> Bool {
        switch assertion {
        case .textStart: place == lower
        case .textEnd: place == end
        case .lineStart: place == lower || (text[place - 1] == 0x0A && place < end)
        case .lineEnd: place == end || text[place] == 0x0A
        case .textEndOrLastLine:
            place == end || (place == end - 1 && text[place] == 0x0A)
        case .wordBoundary: isWord(text, classes, before: place) != isWord(text, classes, at: place)
        case .notWordBoundary:
            isWord(text, classes, before: place) == isWord(text, classes, at: place)
        }
    }

    private func isWord(_ text: Span<UInt8>, _ classes: Span<UInt8>, at place: Int) -> Bool {
        guard place < end else { return false }
        return classes[Int(decodeScalar(text, place).value)] & UnicodeClasses.wordBit != 0
    }

    private func isWord(_ text: Span<UInt8>, _ classes: Span<UInt8>, before place: Int) -> Bool {
        place > lower && isWord(text, classes, at: previousScalar(text, place))
    }
}
