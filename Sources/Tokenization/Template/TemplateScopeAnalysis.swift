/// Finds the names that a scope sets before reading them.
///
/// Jinja decides at compile time where a name lives. A name whose first mention in a scope is an
/// assignment, outside any `if`, and which no outer scope mentions, is unset from the start of that
/// scope: inner loops and macros that read it earlier do not see a render variable of that name.
struct TemplateScopeAnalysis {
    private struct Scope {
        var parent: Int?
        var mentioned: Set<Int> = []
        var unset: Set<Int> = []
        var branchDepth = 0
    }

    private var scopes: [Scope] = []
    private var path: [Int] = []

    /// Opens a scope inside the current one and returns its number.
    mutating func open() -> Int {
        scopes.append(Scope(parent: path.last))
        path.append(scopes.count - 1)
        return scopes.count - 1
    }

    /// Closes the current scope.
    mutating func close() {
        path.removeLast()
    }

    mutating func read(_ name: Int) {
        guard let scope = path.last else { return }
        for ancestor in path where scopes[ancestor].mentioned.contains(name) { return }
        scopes[scope].mentioned.insert(name)
    }

    mutating func store(_ name: Int) {
        guard let scope = path.last else { return }
        if scopes[scope].mentioned.insert(name).inserted, scopes[scope].branchDepth == 0 {
            scopes[scope].unset.insert(name)
        }
    }

    mutating func declare(_ name: Int) {
        guard let scope = path.last else { return }
        scopes[scope].mentioned.insert(name)
    }

    mutating func enterBranch() {
        if let scope = path.last { scopes[scope].branchDepth += 1 }
    }

    mutating func leaveBranch() {
        if let scope = path.last { scopes[scope].branchDepth -= 1 }
    }

    /// For each scope, the names to unset on entering it.
    func unsetNames() -> [[Int]] {
        scopes.map { scope in
            scope.unset.filter { name in
                var ancestor = scope.parent
                while let number = ancestor {
                    if scopes[number].mentioned.contains(name) { return false }
                    ancestor = scopes[number].parent
                }
                return true
            }.sorted()
        }
    }
}
