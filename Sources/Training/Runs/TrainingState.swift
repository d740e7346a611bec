import Checkpoints
import Foundation
import Kernels

/// Where a run stands, in one file: flat buffers and a position, replaced as a whole.
///
///     state.safetensors   __metadata__ { position: JSON, run: JSON }
///                         parameters, first_moments, second_moments, ...   f32 [layout.count]
///
/// The file is written beside the old one, flushed and renamed, so that a run that is killed at any
/// moment goes on from a whole state, to the same bits as if it had not been.
struct TrainingState<Position: Codable> {
    let path: String
    /// What the run is: a state of another run is refused.
    let run: String

    /// Floats that are copied at a time.
    private static var pieceCount: Int { 1 << 22 }

    func save(_ position: Position, _ buffers: [(name: String, buffer: FloatBuffer)])
        throws(TrainingError)
    {
        do {
            let text = String(decoding: try JSONEncoder().encode(position), as: UTF8.self)
            var writer = try SafetensorsWriter(
                path: path,
                tensors: buffers.map { name, buffer in
                    .init(name: name, type: .f32, shape: [buffer.count])
                }, metadata: ["position": text, "run": run])
            // In pieces: copies of all buffers would double what a run takes.
            for (_, buffer) in buffers {
                for start in stride(from: 0, to: buffer.count, by: Self.pieceCount) {
                    let end = min(start + Self.pieceCount, buffer.count)
                    try writer.append(
                        TensorView(buffer.floats(start..<end), shape: [end - start]))
                }
            }
            try writer.finish()
        } catch {
            throw .file(path: path, reason: "\(error)")
        }
    }

    /// Reads a state back.
    ///
    /// - Parameters:
    ///   - buffers: Filled.
    ///   - isPossible: Whether a run can stand at a position.
    /// - Returns: The position; nil where there is no state yet.
    /// - Throws: `TrainingError.file` where the file is broken or another run's.
    func load(
        _ buffers: [(name: String, buffer: FloatBuffer)], isPossible: (Position) -> Bool
    ) throws(TrainingError) -> Position? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let checkpoint = try Checkpoint.open(path: path)
            guard checkpoint.metadata["run"] == run else {
                throw TrainingError.file(
                    path: path,
                    reason: "belongs to a run with other settings; give another folder")
            }
            let text = checkpoint.metadata["position"] ?? "nothing"
            guard
                let position = try? JSONDecoder().decode(Position.self, from: Data(text.utf8)),
                isPossible(position)
            else {
                throw TrainingError.file(
                    path: path, reason: "position: expected one of this run, found \(text)")
            }
            for (name, buffer) in buffers {
                let tensor = try checkpoint.require(name, shape: [buffer.count], types: [.f32])
                buffer.set(tensor.floats(), at: 0)
            }
            return position
        } catch let error as TrainingError {
            throw error
        } catch let error as CheckpointError {
            // It names the file itself.
            throw .start("\(error)")
        } catch {
            throw .file(path: path, reason: "\(error)")
        }
    }
}
