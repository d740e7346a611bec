import CKernels
import Glibc

/// The settings of one step of AdamW (arXiv 1711.05101), with weight decay apart from the gradient.
public struct AdamStep: Sendable, Equatable {
    /// Step size of a parameter whose gradient is steady.
    public var learningRate: Double
    /// How much of the mean gradient is kept.
    public var beta1: Double
    /// How much of the mean squared gradient is kept.
    public var beta2: Double
    /// Added to the root of the mean squared gradient.
    public var epsilon: Double
    /// What share of a parameter is taken away, times the learning rate.
    public var weightDecay: Double
    /// Which step this is, from 1: the means start at zero and are corrected for it.
    public var step: Int
    /// Gradients are multiplied by it, to clip or to average them.
    public var gradientScale: Double

    /// Takes the settings; those left out are torch's, but for no weight decay.
    public init(
        learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0, step: Int, gradientScale: Double = 1
    ) {
        precondition(step >= 1, "step \(step)")
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.step = step
        self.gradientScale = gradientScale
    }

    /// The constants of the step, computed in f64 and rounded once; no memory yet.
    @unsafe var arguments: ck_adam_args {
        var arguments = unsafe ck_adam_args()
        unsafe arguments.gradient_scale = Float(gradientScale)
        unsafe arguments.kept = Float(1 - learningRate * weightDecay)
        unsafe arguments.share1 = Float(1 - beta1)
        unsafe arguments.beta2 = Float(beta2)
        unsafe arguments.share2 = Float(1 - beta2)
        unsafe arguments.correction = Float((1 - pow(beta2, Double(step))).squareRoot())
        unsafe arguments.epsilon = Float(epsilon)
        unsafe arguments.step_size = Float(learningRate / (1 - pow(beta1, Double(step))))
        return unsafe arguments
    }
}
