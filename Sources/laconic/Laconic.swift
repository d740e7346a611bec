import ArgumentParser

@main struct Laconic: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "laconic",
        abstract: "Serve efficiency-tuned reasoning models under a budget.")
}
