/// One of the ways in which rewards are asked for, understood.
protocol RewardForm {
    /// Reads a body of this form; the settings are read already.
    init(_ body: inout RequestFields, _ request: RewardRequest, limit: Int) throws(ServingError)

    /// Grades, and writes the reply.
    func reply(_ request: RewardRequest, desk: RewardDesk) async throws -> [UInt8]
}
