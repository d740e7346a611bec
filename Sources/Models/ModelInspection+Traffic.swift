public import Kernels

extension ModelInspection {
    /// Bytes in memory of the matrix that makes logits: the output head, or the embedding where
    /// they are tied.
    ///
    /// - Parameter format: What matrices are kept as.
    /// - Returns: The bytes.
    public func outputByteCount(as format: WeightFormat) -> Int {
        byteCount(of: config.tiesEmbeddings ? .embedding : .output, as: format)
    }

    /// Bytes in memory of everything between the embedding and the logits.
    ///
    /// - Parameter format: What matrices are kept as.
    /// - Returns: The layers and the norms; neither embedding nor output head.
    public func layerByteCount(as format: WeightFormat) -> Int {
        loadedByteCount(as: format) - byteCount(of: .embedding, as: format)
            - byteCount(of: .output, as: format)
    }

    /// Whether every product with a matrix is computed alike.
    ///
    /// - Parameters:
    ///   - format: What matrices are kept as.
    ///   - isAlike: Whether a packed format counts.
    /// - Returns: Whether all of them are packed so.
    public func packsAllMatrices(
        as format: WeightFormat, where isAlike: (PackedFormat) -> Bool
    ) -> Bool {
        matrices.allSatisfy { tensor in
            if case .packed(let packed) = form(of: tensor, as: format) {
                isAlike(packed)
            } else {
                false
            }
        }
    }

    private func byteCount(of slot: WeightSlot, as format: WeightFormat) -> Int {
        matrices.filter { $0.slot == slot }
            .reduce(0) { $0 + form(of: $1, as: format).byteCount($1.view) }
    }
}
