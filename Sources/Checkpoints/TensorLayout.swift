/// Collects the tensors of one file and checks that each has bytes of its own.
struct TensorLayout {
    private struct Entry {
        let name: String
        let type: StoredType
        let shape: [Int]
        let begin: UInt64
        let end: UInt64
    }

    private let file: String
    private var entries: [Entry] = []
    private var names: Set<ExactString> = []

    init(file: String) {
        self.file = file
    }

    /// Adds a tensor that lies at `begin` from the start of the data.
    ///
    /// - Parameters:
    ///   - name: The tensor's name, unique in the file.
    ///   - type: How its elements are stored.
    ///   - shape: Its dimensions, slowest first.
    ///   - begin: Its first byte, from the start of the data.
    ///   - end: The byte after its last as the file says it; nil where the format does not.
    /// - Throws: `CheckpointError` where the name is taken, or the size is absurd or not `end`.
    mutating func append(
        name: String, type: StoredType, shape: [Int], begin: UInt64, end: UInt64?
    ) throws(CheckpointError) {
        guard names.insert(ExactString(name)).inserted else {
            throw .duplicate(file: file, field: "tensors", name: name)
        }
        guard let byteCount = type.byteCount(shape: shape) else {
            throw .malformed(
                file: file, field: "tensor \(name)",
                expected: "a shape that makes whole \(type.name) blocks and a countable size",
                found: "\(shape)")
        }
        let (computedEnd, overflow) = begin.addingReportingOverflow(UInt64(byteCount))
        if let end, overflow || end != computedEnd {
            throw .malformed(
                file: file, field: "data_offsets of tensor \(name)",
                expected: "\(byteCount) bytes for \(type.name) \(shape)",
                found: end >= begin ? "\(end - begin) bytes" : "an end before the begin")
        }
        guard !overflow else {
            throw .malformed(
                file: file, field: "offset of tensor \(name)", expected: "one inside the file",
                found: "\(begin)")
        }
        entries.append(
            Entry(name: name, type: type, shape: shape, begin: begin, end: computedEnd))
    }

    /// Lays the tensors over the data, which begins at `dataStart` and ends with the file.
    ///
    /// - Parameters:
    ///   - dataStart: The data's first byte, from the start of the file.
    ///   - fileByteCount: The size of the file in bytes.
    ///   - mayLeaveGaps: Whether bytes may belong to no tensor.
    /// - Returns: The tensors in the order they were added, with ranges from the file's start.
    /// - Throws: `CheckpointError` where a tensor leaves the data, two overlap, or a gap is left.
    func place(
        dataStart: UInt64, fileByteCount: UInt64, mayLeaveGaps: Bool
    ) throws(CheckpointError) -> [TensorInfo] {
        let dataByteCount = fileByteCount >= dataStart ? fileByteCount - dataStart : 0
        for entry in entries where entry.end > dataByteCount {
            throw .tensorOutOfRange(
                file: file, tensor: entry.name, begin: entry.begin, end: entry.end,
                dataByteCount: dataByteCount)
        }
        let order = entries.indices.sorted {
            (entries[$0].begin, entries[$0].end, $0) < (entries[$1].begin, entries[$1].end, $1)
        }
        var claimed: UInt64 = 0
        var last: Int?
        for position in order {
            let entry = entries[position]
            if entry.begin < claimed, entry.begin < entry.end, let last {
                throw .tensorsOverlap(
                    file: file, tensor: entry.name, other: entries[last].name,
                    byteOffset: entry.begin)
            }
            guard mayLeaveGaps || entry.begin <= claimed else {
                throw .unclaimedBytes(file: file, begin: claimed, end: entry.begin)
            }
            if entry.end > claimed {
                claimed = entry.end
                last = position
            }
        }
        guard mayLeaveGaps || claimed == dataByteCount else {
            throw .unclaimedBytes(file: file, begin: claimed, end: dataByteCount)
        }
        return entries.map { entry in
            TensorInfo(
                name: entry.name, type: entry.type, shape: entry.shape,
                byteRange: Int(dataStart + entry.begin)..<Int(dataStart + entry.end))
        }
    }
}
