public import Kernels
public import Models

/// Turns gradients into changes of parameters: AdamW for everything, or Muon for matrices.
///
/// AdamW is Loshchilov and Hutter's (arXiv 1711.05101). Muon (Jordan et al., 2024) gives every
/// matrix between hidden states its momentum made orthogonal; embeddings, norms and biases stay
/// with AdamW. The moments have the layout of the parameters.
public final class Optimizer {
    /// The numbers of an optimiser.
    public struct Settings: Sendable, Equatable {
        /// AdamW's full learning rate.
        public var learningRate: Double
        /// Muon's full learning rate; nil leaves matrices with AdamW.
        public var matrixLearningRate: Double?
        /// How slowly AdamW's first moment moves.
        public var beta1 = 0.9
        /// How slowly AdamW's second moment moves.
        public var beta2 = 0.98
        /// What keeps AdamW from dividing by zero.
        public var epsilon = 1e-8
        /// The share of a parameter that a full-rate step takes away, per unit of learning rate;
        /// norms and biases are spared.
        public var weightDecay = 0.0
        /// The norm that the gradient of all parameters is cut to.
        public var clip = 1.0

        /// Settings with AdamW alone.
        public init(learningRate: Double) {
            self.learningRate = learningRate
        }
    }

    /// The numbers in use.
    public let settings: Settings
    /// Means of gradients, or Muon's momentum, `[layout.count]`.
    public let firstMoments: FloatBuffer
    /// Means of squared gradients, `[layout.count]`; unused for Muon's matrices.
    public let secondMoments: FloatBuffer

    private let network: TrainableNetwork
    private let muon: Muon?

    /// Muon's momentum, as its authors have it.
    private static let momentum: Float = 0.95

    /// An optimiser with empty moments.
    ///
    /// - Parameters:
    ///   - network: Whose parameters and gradients it reads and writes.
    ///   - settings: The numbers to use.
    public init(network: TrainableNetwork, settings: Settings) {
        self.network = network
        self.settings = settings
        firstMoments = FloatBuffer(count: network.layout.count)
        secondMoments = FloatBuffer(count: network.layout.count)
        muon = settings.matrixLearningRate == nil ? nil : Muon(kernels: network.kernels)
    }

    /// Changes the parameters once.
    ///
    /// - Parameters:
    ///   - number: How many steps this makes, from 1.
    ///   - rateFactor: The share of the full learning rates.
    /// - Returns: The norm of the gradient before it was cut.
    public func step(number: Int, rateFactor: Double) -> Double {
        let kernels = network.kernels
        let all = 0..<network.layout.count
        let norm = kernels.sumOfSquares(network.gradients, range: all).squareRoot()
        let scale = norm > settings.clip ? settings.clip / norm : 1
        for entry in network.layout.entries {
            if let muon, let rate = settings.matrixLearningRate, entry.role == .matrix {
                muon.step(
                    parameters: network.parameters, gradients: network.gradients,
                    moments: firstMoments, entry: entry, momentum: Self.momentum,
                    learningRate: Float(rate * rateFactor),
                    weightDecay: Float(settings.weightDecay), gradientScale: Float(scale))
            } else {
                let step = AdamStep(
                    learningRate: settings.learningRate * rateFactor, beta1: settings.beta1,
                    beta2: settings.beta2, epsilon: settings.epsilon,
                    weightDecay: entry.role == .vector ? 0 : settings.weightDecay, step: number,
                    gradientScale: scale)
                kernels.adamStep(
                    parameters: network.parameters, gradients: network.gradients,
                    firstMoments: firstMoments, secondMoments: secondMoments, range: entry.range,
                    settings: step)
            }
        }
        return norm
    }
}
